// Sums of columns in two stages of fixed order: chunks of rows, then the chunks.
#include "../device/device.cuh"

// `x`: [rows, width] -> `parts`: [chunks, width].
KERNEL column_parts(const real* x, float* parts, int64_t rows, int width) {
  const Chunk chunk = chunk_of(rows, width);
  float sum = 0;
  if (chunk.column < width)
    for (int64_t row = chunk.first; row < chunk.end; row += 8) sum += (float)x[row * width + chunk.column];
  sum = sum_over_rows(sum);
  if (threadIdx.y == 0 && chunk.column < width) parts[chunk.index * width + chunk.column] = sum;
}
EXPORT(column_parts)

// `y[column] = sum of parts[chunk][first + column]`; the rows of `parts` are `stride` wide.
KERNEL column_fold(const float* parts, real* y, int64_t chunks, int width, int stride, int first) {
  const int64_t column = element();
  if (column >= width) return;
  float sum = 0;
  for (int64_t chunk = 0; chunk < chunks; chunk++) sum += parts[chunk * stride + first + column];
  y[column] = (real)sum;
}
EXPORT(column_fold)
