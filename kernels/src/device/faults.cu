// Kernels that are wrong, one way each, and one that is right: the emulator must tell them apart (emulation.rs). Never run on a GPU.

KERNEL misses_barrier(float* y) {
  if (threadIdx.x == 5) return;
  __syncthreads();
  y[0] = 1;
}
EXPORT(misses_barrier)

KERNEL misses_shuffle(float* y) {
  if (threadIdx.x == 5) return;
  y[0] = warp_sum(1.0f);
}
EXPORT(misses_shuffle)

KERNEL writes_behind(float* y) { y[threadIdx.x % 4] = 1; }
EXPORT(writes_behind)

KERNEL writes_input(const float* y) { const_cast<float*>(y)[0] = 1; }
EXPORT(writes_input)

KERNEL takes_int(float* y, int n) { y[0] = n; }
EXPORT(takes_int)

KERNEL reads_before_writing(float* y) {
  SHARED(float, memory, 64);
  y[0] = memory[threadIdx.x];
  memory[threadIdx.x] = 1;
}
EXPORT(reads_before_writing)

KERNEL reads_behind(float* y) { y[0] = y[1]; }
EXPORT(reads_behind)

// Each thread hands its number to its neighbour, without a barrier.
KERNEL races(float* y) {
  SHARED(float, memory, 64);
  memory[threadIdx.x] = threadIdx.x;
  y[threadIdx.x] = memory[(threadIdx.x + 1) % 64] == (threadIdx.x + 1) % 64;
}
EXPORT(races)

KERNEL passes_on(float* y) {
  SHARED(float, memory, 64);
  memory[threadIdx.x] = threadIdx.x;
  __syncthreads();
  y[threadIdx.x] = memory[(threadIdx.x + 1) % 64];
}
EXPORT(passes_on)
