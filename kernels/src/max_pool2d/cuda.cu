// Maxima of windows, and where each stood. Backward asks of each place which windows took it, so that nothing is added twice at once.
#include "../device/device.cuh"

// `x`: [B, H, W, C]; `y`, `taken`: [B, H', W', C], n elements; `taken`: the place in its image. NaN wins.
KERNEL max_pool2d_forward(const real* x, real* y, uint32_t* taken, int64_t n, int channels, WINDOW_ARGS) {
  const int64_t i = element();
  if (i >= n) return;
  const Window window = WINDOW;
  const int64_t place = i / channels, image = place / out_w / out_h;
  const int c = (int)(i % channels), row = (int)(place / out_w % out_h), column = (int)(place % out_w);
  x += image * height * width * channels + c;
  float best = -INFINITY;
  int found = -1;
  for (int ky = 0; ky < kernel_h; ky++)
    for (int kx = 0; kx < kernel_w; kx++) {
      const int h = window.at(0, row, ky), w = window.at(1, column, kx);
      if (!window.inside(h, w)) continue;
      const float value = (float)x[((int64_t)h * width + w) * channels];
      if (found < 0 || value > best || (value != value && best == best)) best = value, found = h * width + w;
    }
  y[i] = (real)best;
  taken[i] = (uint32_t)found;
}
EXPORT(max_pool2d_forward)

// `dx`: [B, H, W, C], n elements.
KERNEL max_pool2d_backward(const real* dy, const uint32_t* taken, real* dx, int64_t n, int channels, WINDOW_ARGS) {
  const int64_t i = element();
  if (i >= n) return;
  const Window window = WINDOW;
  const int64_t place = i / channels, image = place / width / height;
  const int c = (int)(i % channels), row = (int)(place / width % height), column = (int)(place % width);
  const int64_t first = image * out_h * out_w * channels + c;
  float sum = 0;
  for (int ky = kernel_h - 1; ky >= 0; ky--)  // outputs in rising order
    for (int kx = kernel_w - 1; kx >= 0; kx--) {
      const int h = window.output(0, row, ky), w = window.output(1, column, kx);
      if (h < 0 || w < 0) continue;
      const int64_t at = first + ((int64_t)h * out_w + w) * channels;
      if (taken[at] == (uint32_t)(row * width + column)) sum += (float)dy[at];
    }
  dx[i] = (real)sum;
}
EXPORT(max_pool2d_backward)
