// Layer normalisation: a warp a row; the gradients of weight and bias by sums of columns (mod.rs has the formulas).
#include "../device/device.cuh"

// `x`, `y`: [rows, dim], `stats`: [rows, 2], mean and r.
KERNEL layer_norm_forward(const real* x, const real* w, const real* b, real* y, float* stats, int64_t rows, int dim, float eps) {
  const int64_t row = warp_row();
  if (row >= rows) return;
  x += row * dim, y += row * dim;
  float sum = 0;
  for (int i = threadIdx.x; i < dim; i += 32) sum += (float)x[i];
  const float mean = warp_sum(sum) / dim;
  float squares = 0;
  for (int i = threadIdx.x; i < dim; i += 32) {
    const float centred = (float)x[i] - mean;
    squares += centred * centred;
  }
  const float r = 1.0f / sqrtf(warp_sum(squares) / dim + eps);
  for (int i = threadIdx.x; i < dim; i += 32) y[i] = (real)(((float)x[i] - mean) * r * (float)w[i] + (float)b[i]);
  if (threadIdx.x == 0) stats[2 * row] = mean, stats[2 * row + 1] = r;
}
EXPORT(layer_norm_forward)

KERNEL layer_norm_input(const real* dy, const real* x, const float* stats, const real* w, real* dx, int64_t rows, int dim) {
  const int64_t row = warp_row();
  if (row >= rows) return;
  dy += row * dim, x += row * dim, dx += row * dim;
  const float mean = stats[2 * row], r = stats[2 * row + 1];
  float sum_g = 0, sum_gn = 0;
  for (int i = threadIdx.x; i < dim; i += 32) {
    const float g = (float)dy[i] * (float)w[i];
    sum_g += g;
    sum_gn += g * (((float)x[i] - mean) * r);
  }
  const float mean_g = warp_sum(sum_g) / dim, mean_gn = warp_sum(sum_gn) / dim;
  for (int i = threadIdx.x; i < dim; i += 32) {
    const float g = (float)dy[i] * (float)w[i], n = ((float)x[i] - mean) * r;
    dx[i] = (real)(r * (g - mean_g - n * mean_gn));
  }
}
EXPORT(layer_norm_input)

// `parts`: [chunks, 2 dim], of each chunk of rows its part of dw, then of db.
KERNEL layer_norm_params(const real* dy, const real* x, const float* stats, float* parts, int64_t rows, int dim) {
  const Chunk chunk = chunk_of(rows, dim);
  float dw = 0, db = 0;
  if (chunk.column < dim)
    for (int64_t row = chunk.first; row < chunk.end; row += 8) {
      const float g = (float)dy[row * dim + chunk.column];
      dw += g * (((float)x[row * dim + chunk.column] - stats[2 * row]) * stats[2 * row + 1]);
      db += g;
    }
  dw = sum_over_rows(dw), db = sum_over_rows(db);
  if (threadIdx.y == 0 && chunk.column < dim) {
    parts[chunk.index * 2 * dim + chunk.column] = dw;
    parts[chunk.index * 2 * dim + dim + chunk.column] = db;
  }
}
EXPORT(layer_norm_params)
