// Look-up of rows, and its gradient by segments: the host sorts the places by id, so that each id's places lie side by side.
#include "../device/device.cuh"

// `y`: [places, dim], a thread an element.
KERNEL embedding_forward(const uint32_t* ids, const real* table, real* y, int64_t places, int dim) {
  const int64_t i = element();
  if (i < places * dim) y[i] = table[(int64_t)ids[i / dim] * dim + i % dim];
}
EXPORT(embedding_forward)

// The sum of each piece of a segment, in the order of the places. `order`: [places], `starts`: [pieces + 1] into it;
// `parts`: [pieces, dim], a thread an element.
KERNEL embedding_pieces(const real* dy, const uint32_t* order, const uint32_t* starts, float* parts, int64_t pieces, int dim) {
  const int64_t i = element();
  if (i >= pieces * dim) return;
  const int64_t piece = i / dim;
  const int column = (int)(i % dim);
  float sum = 0;
  for (uint32_t at = starts[piece]; at < starts[piece + 1]; at++) sum += (float)dy[(int64_t)order[at] * dim + column];
  parts[i] = sum;
}
EXPORT(embedding_pieces)

// The sum of each id's pieces, in their order. `firsts`: [ids + 1] into the pieces; `dtable` holds zeros elsewhere.
KERNEL embedding_fold(const float* parts, const uint32_t* firsts, const uint32_t* ids, real* dtable, int64_t count, int dim) {
  const int64_t i = element();
  if (i >= count * dim) return;
  const int64_t segment = i / dim;
  const int column = (int)(i % dim);
  float sum = 0;
  for (uint32_t piece = firsts[segment]; piece < firsts[segment + 1]; piece++) sum += parts[(int64_t)piece * dim + column];
  dtable[(int64_t)ids[segment] * dim + column] = (real)sum;
}
EXPORT(embedding_fold)
