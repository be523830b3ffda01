// Batch normalisation: sums of columns, and passes with a thread an element (mod.rs has the formulas). Statistics are float32.
#include "../device/device.cuh"

// `parts`: [chunks, C]: each chunk's part of the sum of (x - mean)^2.
KERNEL batch_norm_squares(const real* x, const float* mean, float* parts, int64_t rows, int channels) {
  const Chunk chunk = chunk_of(rows, channels);
  float sum = 0;
  if (chunk.column < channels)
    for (int64_t row = chunk.first; row < chunk.end; row += 8) {
      const float centred = (float)x[row * channels + chunk.column] - mean[chunk.column];
      sum += centred * centred;
    }
  sum = sum_over_rows(sum);
  if (threadIdx.y == 0 && chunk.column < channels) parts[chunk.index * channels + chunk.column] = sum;
}
EXPORT(batch_norm_squares)

// A channel's numbers.
struct Norm {
  float mean, r, weight, bias;
  __device__ float n(float x) const { return (x - mean) * r; }
  __device__ float z(float x) const { return n(x) * weight + bias; }
};

__device__ inline Norm norm_of(const float* mean, const float* var, const real* w, const real* b, int c, float eps) {
  return Norm{mean[c], 1.0f / sqrtf(var[c] + eps), (float)w[c], (float)b[c]};
}

// `x`, `y`, and `residual` if there is one: n elements.
KERNEL batch_norm_apply(const real* x, const real* residual, const float* mean, const float* var, const real* w, const real* b, real* y,
                        int64_t n, int channels, int is_added, int relu, float eps) {
  const int64_t i = element();
  if (i >= n) return;
  float z = norm_of(mean, var, w, b, (int)(i % channels), eps).z((float)x[i]);
  if (is_added) z += (float)residual[i];
  y[i] = (real)(relu && z < 0 ? 0.0f : z);  // NaN stays
}
EXPORT(batch_norm_apply)

// The gradient of the normalised value: `dy` where the relu, if any, kept it. `kept`: 0 all, 1 as found again, 2 as seen in the output.
__device__ inline float kept_gradient(const real* dy, const real* y, const Norm& norm, float x, int64_t i, int kept) {
  const bool keeps = kept == 0 || (kept == 1 ? norm.z(x) : (float)y[i]) > 0;
  return keeps ? (float)dy[i] : 0.0f;
}

// `parts`: [chunks, 2 C]: of each chunk of rows the sums of dz, then of dz n.
KERNEL batch_norm_sums(const real* dy, const real* x, const real* y, const float* mean, const float* var, const real* w, const real* b,
                       float* parts, int64_t rows, int channels, int kept, float eps) {
  const Chunk chunk = chunk_of(rows, channels);
  float plain = 0, along = 0;
  if (chunk.column < channels) {
    const Norm norm = norm_of(mean, var, w, b, chunk.column, eps);
    for (int64_t row = chunk.first; row < chunk.end; row += 8) {
      const int64_t i = row * channels + chunk.column;
      const float value = (float)x[i], dz = kept_gradient(dy, y, norm, value, i, kept);
      plain += dz;
      along += dz * norm.n(value);
    }
  }
  plain = sum_over_rows(plain), along = sum_over_rows(along);
  if (threadIdx.y == 0 && chunk.column < channels) {
    parts[chunk.index * 2 * channels + chunk.column] = plain;
    parts[chunk.index * 2 * channels + channels + chunk.column] = along;
  }
}
EXPORT(batch_norm_sums)

// `dx`, and `dz` where something was added. `plain`, `along`: [C], the sums over all `rows`.
KERNEL batch_norm_input(const real* dy, const real* x, const real* y, const float* mean, const float* var, const real* w, const real* b,
                        const float* plain, const float* along, real* dx, real* dz, int64_t n, int channels, int kept, float rows,
                        float eps) {
  const int64_t i = element();
  if (i >= n) return;
  const int c = (int)(i % channels);
  const Norm norm = norm_of(mean, var, w, b, c, eps);
  const float value = (float)x[i], g = kept_gradient(dy, y, norm, value, i, kept);
  if (kept == 2) dz[i] = (real)g;
  dx[i] = (real)(norm.weight * norm.r * (g - plain[c] / rows - norm.n(value) * (along[c] / rows)));
}
EXPORT(batch_norm_input)
