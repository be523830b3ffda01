// Means of windows, padding counting as zeros.
#include "../device/device.cuh"

// `x`: [B, H, W, C], `y`: [B, H', W', C], n elements.
KERNEL avg_pool2d_forward(const real* x, real* y, int64_t n, int channels, WINDOW_ARGS) {
  const int64_t i = element();
  if (i >= n) return;
  const Window window = WINDOW;
  const int64_t place = i / channels, image = place / out_w / out_h;
  const int c = (int)(i % channels), row = (int)(place / out_w % out_h), column = (int)(place % out_w);
  x += image * height * width * channels + c;
  float sum = 0;
  for (int ky = 0; ky < kernel_h; ky++)
    for (int kx = 0; kx < kernel_w; kx++) {
      const int h = window.at(0, row, ky), w = window.at(1, column, kx);
      if (window.inside(h, w)) sum += (float)x[((int64_t)h * width + w) * channels];
    }
  y[i] = (real)(sum / (kernel_h * kernel_w));
}
EXPORT(avg_pool2d_forward)

// `dx`: [B, H, W, C], n elements.
KERNEL avg_pool2d_backward(const real* dy, real* dx, int64_t n, int channels, WINDOW_ARGS) {
  const int64_t i = element();
  if (i >= n) return;
  const Window window = WINDOW;
  const int64_t place = i / channels, image = place / width / height;
  const int c = (int)(i % channels), row = (int)(place / width % height), column = (int)(place % width);
  dy += image * out_h * out_w * channels + c;
  float sum = 0;
  for (int ky = kernel_h - 1; ky >= 0; ky--)
    for (int kx = kernel_w - 1; kx >= 0; kx--) {
      const int h = window.output(0, row, ky), w = window.output(1, column, kx);
      if (h >= 0 && w >= 0) sum += (float)dy[((int64_t)h * out_w + w) * channels];
    }
  dx[i] = (real)(sum / (kernel_h * kernel_w));
}
EXPORT(avg_pool2d_backward)
