// Softmax cross entropy, a block a row. A row with label l and class weights w, label smoothing s:
// q_c = (1 - s) w_l [c = l] + s w_c / C, loss = sum of q_c (log sum e^z - z_c), dz = softmax(z) sum of q - q.
// The focal loss is -w_l (1 - p)^gamma log p, p being the label's probability.
#include "../device/device.cuh"

#define IGNORED 0xffffffffu

// The largest score of a row and the logarithm of the sum of e^(z - largest). Apart, for beside a large score the sum's logarithm would
// be rounded away.
struct Softmax {
  float largest, log_sum;
  __device__ float log_p(real score) const { return (float)score - largest - log_sum; }
};

// Of a row, the same in each thread of the block.
__device__ inline Softmax softmax_of(const real* z, int classes) {
  float largest = -INFINITY;
  for (int i = threadIdx.x; i < classes; i += blockDim.x) largest = fmaxf(largest, (float)z[i]);
  largest = block_max(largest);
  float sum = 0;
  for (int i = threadIdx.x; i < classes; i += blockDim.x) sum += expf((float)z[i] - largest);
  return Softmax{largest, logf(block_sum(sum))};
}

// `weight * value`, 0 for no weight whatever the value: an infinite one would make NaN.
__device__ inline float weighted(float weight, float value) { return weight > 0 ? weight * value : 0.0f; }

// What rows should have been; `weights` is null if all classes count alike.
struct Goal {
  const float* weights;
  float mean_weight, smoothing, focal;
  __device__ float weight(int c) const { return weights ? weights[c] : 1.0f; }
  // The label's share of the target, and that of all classes.
  __device__ float hard(uint32_t label) const { return weight(label) * (1 - smoothing); }
  __device__ float total(uint32_t label) const { return hard(label) + smoothing * mean_weight; }
};

// A row's loss.
__device__ inline float row_loss(const real* z, int classes, uint32_t label, Softmax softmax, Goal goal) {
  const float hard = weighted(goal.hard(label), -softmax.log_p(z[label]));
  if (goal.smoothing == 0) return hard;  // all scores are read only with smoothing: minus infinity would spoil the sum
  float sum = 0;
  for (int i = threadIdx.x; i < classes; i += blockDim.x) sum += weighted(goal.weight(i), -softmax.log_p(z[i]));
  return hard + goal.smoothing * (block_sum(sum) / classes);
}

// The focal loss and the slope `k` of its gradient `k (softmax(z) - onehot)`; `rest` is 1 - p, exact also for p near 1.
struct Focal {
  float loss, k, rest;
};

__device__ inline Focal focal_loss(const real* z, int classes, uint32_t label, Softmax softmax, Goal goal) {
  float sum = 0;
  for (int i = threadIdx.x; i < classes; i += blockDim.x) sum += (uint32_t)i == label ? 0.0f : expf(softmax.log_p(z[i]));
  const float rest = block_sum(sum);
  const float log_p = rest < 0.5f ? log1pf(-rest) : softmax.log_p(z[label]), p = expf(log_p);
  const float factor = powf(rest, goal.focal), w = goal.weight(label);
  // Both ends have their limit, where the formula makes 0 times infinity.
  const float k = rest == 0 ? 0.0f : p > 0 ? factor - goal.focal * p * (factor / rest) * log_p : factor;
  return Focal{weighted(w, -factor * log_p), w * k, rest};
}

// `z`: [rows, classes], a block a row: each row's loss, and if `gradient` is not 0 its share of `dz`, where `dz` may be `z` itself. An
// ignored row has a loss and a gradient of 0, whatever its scores.
KERNEL cross_entropy_rows(const real* z, const uint32_t* labels, const float* weights, const float* shares, float* losses, real* dz,
                          int classes, int gradient, int is_weighted, float mean_weight, float smoothing, float focal) {
  const int64_t row = blockIdx.x;
  const uint32_t label = labels[row];
  z += row * classes, dz += row * classes;
  if (label == IGNORED) {  // the whole block
    if (gradient)
      for (int i = threadIdx.x; i < classes; i += blockDim.x) dz[i] = (real)0.0f;
    if (threadIdx.x == 0) losses[row] = 0;
    return;
  }
  const Goal goal{is_weighted ? weights : nullptr, mean_weight, smoothing, focal};
  const Softmax softmax = softmax_of(z, classes);
  Focal f{0, 0, 0};
  if (focal > 0)
    f = focal_loss(z, classes, label, softmax, goal);
  else
    f.loss = row_loss(z, classes, label, softmax, goal);
  if (threadIdx.x == 0) losses[row] = f.loss;
  if (!gradient) return;
  __syncthreads();  // the label's score has been read by all
  const float share = shares[row], hard = goal.hard(label), total = goal.total(label);
  for (int i = threadIdx.x; i < classes; i += blockDim.x) {
    const bool own = (uint32_t)i == label;
    const float p = expf(softmax.log_p(z[i]));
    const float slope = focal > 0 ? f.k * (own ? -f.rest : p)
                                  : p * total - (own ? hard : 0.0f) - weighted(goal.weight(i), smoothing / classes);
    dz[i] = (real)(share * slope);
  }
}
EXPORT(cross_entropy_rows)

// The same against targets `q`: [rows, classes] of any sum; `dz` may not be `z`.
KERNEL soft_cross_entropy_rows(const real* z, const real* q, const float* shares, float* losses, real* dz, int classes, int gradient) {
  const int64_t row = blockIdx.x;
  z += row * classes, q += row * classes, dz += row * classes;
  const Softmax softmax = softmax_of(z, classes);
  float loss = 0, total = 0;
  for (int i = threadIdx.x; i < classes; i += blockDim.x) {
    loss += weighted((float)q[i], -softmax.log_p(z[i]));
    total += (float)q[i];
  }
  loss = block_sum(loss), total = block_sum(total);
  if (threadIdx.x == 0) losses[row] = loss;
  if (!gradient) return;
  for (int i = threadIdx.x; i < classes; i += blockDim.x)
    dz[i] = (real)(shares[row] * (expf(softmax.log_p(z[i])) * total - (float)q[i]));
}
EXPORT(soft_cross_entropy_rows)

// `loss = share * sum of losses`, in one block, summed in double.
KERNEL cross_entropy_total(const float* losses, float* loss, int64_t rows, float share) {
  double sum = 0;
  for (int64_t row = threadIdx.x; row < rows; row += blockDim.x) sum += losses[row];
  sum = block_sum(sum);
  if (threadIdx.x == 0) loss[0] = (float)(share * sum);
}
EXPORT(cross_entropy_total)
