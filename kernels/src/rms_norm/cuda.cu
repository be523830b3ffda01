// Root mean square normalisation: a warp a row; the weight's gradient by sums of columns (mod.rs has the formulas).
#include "../device/device.cuh"

__device__ inline float inverse_rms(float squares, int dim, float eps) { return 1.0f / sqrtf(warp_sum(squares) / dim + eps); }

// `x`, `y`: [rows, dim], `r`: [rows].
KERNEL rms_norm_forward(const real* x, const real* w, real* y, float* r, int64_t rows, int dim, float eps) {
  const int64_t row = warp_row();
  if (row >= rows) return;
  x += row * dim, y += row * dim;
  float squares = 0;
  for (int i = threadIdx.x; i < dim; i += 32) squares += (float)x[i] * (float)x[i];
  const float scale = inverse_rms(squares, dim, eps);
  for (int i = threadIdx.x; i < dim; i += 32) y[i] = (real)((float)x[i] * scale * (float)w[i]);
  if (threadIdx.x == 0) r[row] = scale;
}
EXPORT(rms_norm_forward)

// `sum = a + b`, rounded as it is stored, and its norm. A lane reads again only what it wrote itself.
KERNEL rms_norm_add_forward(const real* a, const real* b, const real* w, real* sum, real* y, float* r, int64_t rows, int dim, float eps) {
  const int64_t row = warp_row();
  if (row >= rows) return;
  a += row * dim, b += row * dim, sum += row * dim, y += row * dim;
  float squares = 0;
  for (int i = threadIdx.x; i < dim; i += 32) {
    const real s = (real)((float)a[i] + (float)b[i]);
    sum[i] = s;
    squares += (float)s * (float)s;
  }
  const float scale = inverse_rms(squares, dim, eps);
  for (int i = threadIdx.x; i < dim; i += 32) y[i] = (real)((float)sum[i] * scale * (float)w[i]);
  if (threadIdx.x == 0) r[row] = scale;
}
EXPORT(rms_norm_add_forward)

KERNEL rms_norm_input(const real* dy, const real* x, const float* r, const real* w, real* dx, int64_t rows, int dim) {
  const int64_t row = warp_row();
  if (row >= rows) return;
  dy += row * dim, x += row * dim, dx += row * dim;
  const float scale = r[row];
  float sum = 0;
  for (int i = threadIdx.x; i < dim; i += 32) sum += (float)dy[i] * (float)w[i] * (float)x[i];
  const float along = warp_sum(sum) / dim * scale * scale;
  for (int i = threadIdx.x; i < dim; i += 32) dx[i] = (real)(scale * ((float)dy[i] * (float)w[i] - (float)x[i] * along));
}
EXPORT(rms_norm_input)

// `parts`: [chunks, dim], of each chunk of rows its part of dw.
KERNEL rms_norm_weight(const real* dy, const real* x, const float* r, float* parts, int64_t rows, int dim) {
  const Chunk chunk = chunk_of(rows, dim);
  float dw = 0;
  if (chunk.column < dim)
    for (int64_t row = chunk.first; row < chunk.end; row += 8)
      dw += (float)dy[row * dim + chunk.column] * ((float)x[row * dim + chunk.column] * r[row]);
  dw = sum_over_rows(dw);
  if (threadIdx.y == 0 && chunk.column < dim) parts[chunk.index * dim + chunk.column] = dw;
}
EXPORT(rms_norm_weight)
