// Images in another size: each axis with lists of places and weights that the host makes.
#include "../device/device.cuh"

// `y`: [B, H', W', C], n elements; for each of H' and W' four places and their weights.
KERNEL interpolate_forward(const real* x, const uint32_t* rows, const float* row_weights, const uint32_t* columns,
                           const float* column_weights, real* y, int64_t n, int channels, int height, int width, int out_h, int out_w) {
  const int64_t i = element();
  if (i >= n) return;
  const int64_t place = i / channels;
  const int w = (int)(place % out_w), h = (int)(place / out_w % out_h);
  x += place / out_w / out_h * height * width * channels + i % channels;
  float sum = 0;
  for (int a = 4 * h; a < 4 * h + 4; a++)
    for (int b = 4 * w; b < 4 * w + 4; b++)
      sum += row_weights[a] * column_weights[b] * (float)x[((int64_t)rows[a] * width + columns[b]) * channels];
  y[i] = (real)sum;
}
EXPORT(interpolate_forward)

// `dx`: [B, H, W, C], n elements. Of each line and column of the input, from `starts` on, which of the output took how much of it.
KERNEL interpolate_backward(const real* dy, const uint32_t* row_starts, const uint32_t* rows, const float* row_weights,
                            const uint32_t* column_starts, const uint32_t* columns, const float* column_weights, real* dx, int64_t n,
                            int channels, int height, int width, int out_h, int out_w) {
  const int64_t i = element();
  if (i >= n) return;
  const int64_t place = i / channels;
  const int w = (int)(place % width), h = (int)(place / width % height);
  dy += place / width / height * out_h * out_w * channels + i % channels;
  float sum = 0;
  for (uint32_t a = row_starts[h]; a < row_starts[h + 1]; a++)
    for (uint32_t b = column_starts[w]; b < column_starts[w + 1]; b++)
      sum += row_weights[a] * column_weights[b] * (float)dy[((int64_t)rows[a] * out_w + columns[b]) * channels];
  dx[i] = (real)sum;
}
EXPORT(interpolate_backward)
