// Softmax cross entropy, a block a row. With label smoothing s, of a row's scores z and its label l:
// loss = (1 - s) (log sum e^z - z_l) + s (log sum e^z - mean z), dz = softmax(z) - (1 - s) onehot(l) - s / C.
#include "../device/device.cuh"

#define IGNORED 0xffffffffu

// The logarithm of the sum of e^z over a row, the same in each thread of the block.
__device__ inline float log_sum(const real* z, int classes) {
  float largest = -INFINITY;
  for (int i = threadIdx.x; i < classes; i += blockDim.x) largest = fmaxf(largest, (float)z[i]);
  largest = block_max(largest);
  float sum = 0;
  for (int i = threadIdx.x; i < classes; i += blockDim.x) sum += expf((float)z[i] - largest);
  return logf(block_sum(sum)) + largest;
}

// What one row adds to the loss.
__device__ inline float row_loss(const real* z, int classes, uint32_t label, float log_sum, float smoothing) {
  const float hard = log_sum - (float)z[label];
  if (smoothing == 0) return hard;  // a score of minus infinity would make 0 * inf
  float sum = 0;
  for (int i = threadIdx.x; i < classes; i += blockDim.x) sum += (float)z[i];
  return (1 - smoothing) * hard + smoothing * (log_sum - block_sum(sum) / classes);
}

__device__ inline float slope(float z, bool chosen, int classes, float log_sum, float smoothing) {
  return expf(z - log_sum) - (chosen ? 1 - smoothing : 0.0f) - smoothing / classes;
}

// `z`: [rows, classes], a block a row -> `losses`, `log_sums`: [rows].
KERNEL cross_entropy_forward(const real* z, const uint32_t* labels, float* losses, float* log_sums, int classes) {
  const int64_t row = blockIdx.x;
  z += row * classes;
  const float sum = log_sum(z, classes), loss = row_loss(z, classes, labels[row], sum, 0);
  if (threadIdx.x == 0) losses[row] = loss, log_sums[row] = sum;
}
EXPORT(cross_entropy_forward)

// `dloss`: one number on the device.
KERNEL cross_entropy_backward(const real* z, const uint32_t* labels, const float* log_sums, const float* dloss, real* dz, int classes,
                              float share) {
  const int64_t row = blockIdx.x;
  z += row * classes, dz += row * classes;
  const float sum = log_sums[row], scale = share * dloss[0];
  for (int i = threadIdx.x; i < classes; i += blockDim.x)
    dz[i] = (real)(scale * slope((float)z[i], (uint32_t)i == labels[row], classes, sum, 0));
}
EXPORT(cross_entropy_backward)

// Turns scores into `share dz` in place and writes each row's loss; an ignored row has none of either.
KERNEL cross_entropy_in_place(real* z, const uint32_t* labels, float* losses, int classes, float share, float smoothing) {
  const int64_t row = blockIdx.x;
  const uint32_t label = labels[row];
  z += row * classes;
  if (label == IGNORED) {  // the whole block
    for (int i = threadIdx.x; i < classes; i += blockDim.x) z[i] = (real)0.0f;
    if (threadIdx.x == 0) losses[row] = 0;
    return;
  }
  const float sum = log_sum(z, classes), loss = row_loss(z, classes, label, sum, smoothing);
  if (threadIdx.x == 0) losses[row] = loss;
  __syncthreads();  // the label's score has been read by all
  for (int i = threadIdx.x; i < classes; i += blockDim.x)
    z[i] = (real)(share * slope((float)z[i], (uint32_t)i == label, classes, sum, smoothing));
}
EXPORT(cross_entropy_in_place)

// `loss = share * sum of losses`, in one block, summed in double.
KERNEL cross_entropy_total(const float* losses, float* loss, int64_t rows, float share) {
  double sum = 0;
  for (int64_t row = threadIdx.x; row < rows; row += blockDim.x) sum += losses[row];
  sum = block_sum(sum);
  if (threadIdx.x == 0) loss[0] = (float)(share * sum);
}
EXPORT(cross_entropy_total)
