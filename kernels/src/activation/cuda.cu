// Activations, a thread an element (mod.rs has the formulas).
#include "../device/device.cuh"

// `saved` is the output of relu and tanh, the input of the others.
#define ACTIVATION(name, value, slope)                                                          \
  KERNEL name##_forward(const real* x, real* y, int64_t n) {                                    \
    const int64_t i = element();                                                                \
    if (i < n) y[i] = (real)value((float)x[i]);                                                 \
  }                                                                                             \
  EXPORT(name##_forward)                                                                        \
  KERNEL name##_backward(const real* dy, const real* saved, real* dx, int64_t n) {              \
    const int64_t i = element();                                                                \
    if (i < n) dx[i] = (real)((float)dy[i] * slope((float)saved[i]));                           \
  }                                                                                             \
  EXPORT(name##_backward)

__device__ inline float relu(float x) { return x < 0 ? 0.0f : x; }  // NaN stays
__device__ inline float relu_slope(float y) { return y > 0 ? 1.0f : 0.0f; }

// P(X <= x) of a standard normal, by the tail's own function where a difference from 1 would cancel.
__device__ inline float distribution(float x) { return 0.5f * erfcf(-0.70710678f * x); }
__device__ inline float gelu(float x) { return x * distribution(x); }
__device__ inline float gelu_slope(float x) { return distribution(x) + x * 0.39894228f * expf(-0.5f * x * x); }

// 2u = 2 sqrt(2 / pi) (x + 0.044715 x^3)
__device__ inline float twice_u(float x) { return x * (1.5957691f + 0.07135482f * x * x); }
__device__ inline float gelu_tanh(float x) { return x * logistic(twice_u(x)); }
__device__ inline float gelu_tanh_slope(float x) {
  const float s = logistic(twice_u(x));
  return s + x * (1.5957691f + 3 * 0.07135482f * x * x) * s * (1 - s);
}

__device__ inline float silu(float x) { return x * logistic(x); }
__device__ inline float silu_slope(float x) {
  const float s = logistic(x);
  return s * (1 + x * (1 - s));
}

__device__ inline float tanh_slope(float y) { return 1 - y * y; }

ACTIVATION(relu, relu, relu_slope)
ACTIVATION(gelu, gelu, gelu_slope)
ACTIVATION(gelu_tanh, gelu_tanh, gelu_tanh_slope)
ACTIVATION(silu, silu, silu_slope)
ACTIVATION(tanh, tanhf, tanh_slope)
