// The gated unit, a thread an element (mod.rs has the formulas).
#include "../device/device.cuh"

KERNEL swiglu_forward(const real* gate, const real* up, real* y, int64_t n) {
  const int64_t i = element();
  if (i < n) y[i] = (real)((float)gate[i] * logistic((float)gate[i]) * (float)up[i]);
}
EXPORT(swiglu_forward)

KERNEL swiglu_backward(const real* dy, const real* gate, const real* up, real* dgate, real* dup, int64_t n) {
  const int64_t i = element();
  if (i >= n) return;
  const float g = (float)gate[i], s = logistic(g), d = (float)dy[i];
  dgate[i] = (real)(d * (float)up[i] * (s * (1 + g * (1 - s))));
  dup[i] = (real)(d * (g * s));
}
EXPORT(swiglu_backward)
