// Optimisers in one pass over a parameter, its gradient and its moments, and the sum of squares for clipping (optim.rs has the formulas).
#include "../device/device.cuh"

// `real` is the gradient's type. `p` is the float32 parameter, or the master copy of one that is stored as `rounded`.
__device__ inline float adamw(float* p, const real* g, float* m, float* v, int64_t i, float keep, float grad_scale, float one_minus_beta1,
                              float beta2, float one_minus_beta2, float rate, float root, float eps) {
  const float gradient = (float)g[i] * grad_scale;
  const float mean = m[i] + one_minus_beta1 * (gradient - m[i]);
  const float square = beta2 * v[i] + one_minus_beta2 * (gradient * gradient);
  m[i] = mean, v[i] = square;
  return p[i] = p[i] * keep - rate * (mean / (sqrtf(square) * root + eps));
}

KERNEL optim_adamw(float* p, const real* g, float* m, float* v, int64_t n, float keep, float grad_scale, float one_minus_beta1,
                   float beta2, float one_minus_beta2, float rate, float root, float eps) {
  const int64_t i = element();
  if (i < n) adamw(p, g, m, v, i, keep, grad_scale, one_minus_beta1, beta2, one_minus_beta2, rate, root, eps);
}
EXPORT(optim_adamw)

KERNEL optim_adamw_master(float* p, real* rounded, const real* g, float* m, float* v, int64_t n, float keep, float grad_scale,
                          float one_minus_beta1, float beta2, float one_minus_beta2, float rate, float root, float eps) {
  const int64_t i = element();
  if (i < n) rounded[i] = (real)adamw(p, g, m, v, i, keep, grad_scale, one_minus_beta1, beta2, one_minus_beta2, rate, root, eps);
}
EXPORT(optim_adamw_master)

// SGD with momentum: `g` and `buf` are float32 as the parameter. The first step does not read what the buffer holds.
KERNEL optim_sgd(float* p, const float* g, float* buf, int64_t n, float keep, float decay, float grad_scale, float lr, float old,
                 float direct, float buffered) {
  const int64_t i = element();
  if (i >= n) return;
  const float d = g[i] * grad_scale + decay * p[i], now = old == 0 ? d : old * buf[i] + d;
  buf[i] = now;
  p[i] = p[i] * keep - lr * (direct * d + buffered * now);
}
EXPORT(optim_sgd)

KERNEL optim_lion(float* p, const float* g, float* m, int64_t n, float keep, float grad_scale, float lr, float beta1,
                  float one_minus_beta1, float beta2, float one_minus_beta2) {
  const int64_t i = element();
  if (i >= n) return;
  const float gradient = g[i] * grad_scale, c = beta1 * m[i] + one_minus_beta1 * gradient;
  const float sign = c > 0 ? 1.0f : c < 0 ? -1.0f : c;  // NaN stays
  p[i] = p[i] * keep - lr * sign;
  m[i] = beta2 * m[i] + one_minus_beta2 * gradient;
}
EXPORT(optim_lion)

// Elements that a block of 256 threads sums.
#define SQUARES (256 * 64)

// `sums[first + block]`: the sum of squares of a block of elements, in double.
KERNEL optim_squares(const real* g, double* sums, int64_t n, int first) {
  const int64_t from = (int64_t)blockIdx.x * SQUARES, end = from + SQUARES < n ? from + SQUARES : n;
  double sum = 0;
  for (int64_t i = from + threadIdx.x; i < end; i += blockDim.x) sum += (double)(float)g[i] * (double)(float)g[i];
  sum = block_sum(sum);
  if (threadIdx.x == 0) sums[first + blockIdx.x] = sum;
}
EXPORT(optim_squares)

// The sum of all, in one block.
KERNEL optim_total(const double* sums, double* total, int64_t count) {
  double sum = 0;
  for (int64_t i = threadIdx.x; i < count; i += blockDim.x) sum += sums[i];
  sum = block_sum(sum);
  if (threadIdx.x == 0) total[0] = sum;
}
EXPORT(optim_total)
