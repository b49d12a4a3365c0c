// SPDX-License-Identifier: Apache-2.0
// A static graph of layers with four maps each, instead of second-order automatic differentiation
// (docs/mathematics.md, section 3):
//
//   x  forward   up     the forward pass
//   g  score     down   gradient of the class scores c = sum_n z[n, y_n]; gives G_l = dc/dA_l (paper, Eq. 1)
//   t  tangent   up     adjoint of the g map, seeded with dL/dG_l
//   d  backward  down   adjoint of the forward pass, plus what the g map's own dependence on x and weights
//   adds
//
// A value carries one array per map, laid out as core/kernels/real.h says; in a graph whose activations are
// bf16, values that only convolutions, batch norms and max pooling touch are kept in bf16 (pairs.h), but not
// the explained ones, which Grad-CAM reads. A network builder adds values, parameters and nodes in order
// (graph_add_*); graph_plan then decides which maps each value needs, places all arrays in one arena by their
// lifetimes, and from then on a step allocates nothing.
//
// The explained values are the A_l, or the input itself. Only values that depend on an explained one have g and
// t: for a ResNet with all four stages explained everything above layer1's output, everything with the input
// explained, and nothing at all for the baseline.
#ifndef REFF_GRAPH_GRAPH_H
#define REFF_GRAPH_GRAPH_H

#include "core/base/error.h"
#include "core/base/text.h"
#include "core/graph/parameters.h"
#include "core/kernels/precision.h"
#include "core/kernels/real.h"

#include <stddef.h>
#include <stdint.h>

enum map { MAP_X, MAP_G, MAP_T, MAP_D, MAP_COUNT };
enum { STAGES = 4, NODE_INPUTS = 2 };
enum { EXPLAIN_INPUT = 1 << STAGES }; // beside the stages' bits in graph_plan

// Of an array that the plan has no place for.
#define GRAPH_NOWHERE ((size_t)-1)

enum graph_mode {
    GRAPH_INFER,          // x only, running statistics
    GRAPH_INFER_EXPLAIN,  // x and g, running statistics
    GRAPH_TRAIN,          // x and d, batch statistics
    GRAPH_TRAIN_DETACHED, // x, g and d: the explanation's alpha is taken as a constant
    GRAPH_TRAIN_EXPLAIN,  // all four
};

struct value {
    int channels, height, width;
    int producer;             // node, -1 for the graph's input
    int above;                // depends on an explained value (or is one): has g and t
    int paired;               // its maps are bf16 in pairs of channels (core/kernels/pairs.h)
    real *map[MAP_COUNT];     // [channels][height][width][batch]; NULL where the plan has none
    size_t offset[MAP_COUNT]; // of those arrays in the arena; GRAPH_NOWHERE where the plan has none
};

struct graph;
struct node;

// One per kind of layer: core/layers/. A function that is NULL has nothing to do.
struct layer {
    const char *name;
    size_t own_size; // of what a node of this kind owns: its settings, its parameters, its plan
    int pairs;       // takes values whose maps are bf16 in pairs, beside floats
    // Decides what can be decided once, as the graph is planned and before the next two are asked.
    void (*plan)(const struct graph *g, struct node *node);
    // Bytes that the node keeps from its forward to its backward pass, beside its values.
    size_t (*kept)(const struct graph *g, const struct node *node);
    size_t (*scratch)(const struct graph *g, const struct node *node, int threads); // numbers
    void (*forward)(struct graph *g, struct node *node);  // x of inputs -> x of output
    void (*score)(struct graph *g, struct node *node);    // g of output -> g of inputs
    void (*tangent)(struct graph *g, struct node *node);  // t of inputs -> t of output
    void (*backward)(struct graph *g, struct node *node); // d of output -> d of inputs, parameters' gradients
    // Multiplications and additions of one pass through the node's matrix product, whichever map. NULL: none.
    double (*flop)(const struct graph *g, const struct node *node);
    // By which algorithm a map is computed, as the plan decided. NULL: there is but one.
    void (*describe)(const struct graph *g, const struct node *node, enum map map, struct text *out);
};

struct node {
    const struct layer *layer;
    char name[64];
    int inputs[NODE_INPUTS], input_count, output;
    void *own; // the layer's: own_size bytes, zero before its builder fills them in
    // Planned:
    int adds[MAP_COUNT][NODE_INPUTS]; // g, d: whether an earlier consumer has written the input's array
    void *kept;                       // kept() bytes
    size_t kept_offset;
};

// Told before (done 0) and after (done 1) each map of each node, for whoever measures where a step's time
// goes.
typedef void graph_observe(void *context, const struct graph *g, int node, enum map map, int done);

struct graph {
    int batch;
    int value_count, node_count;
    struct value *values;
    struct node *nodes;
    int input, logits; // values
    // Values of an attention branch (ABN), or -1: its logits, and its map [1][h][w], which the network goes
    // on to use. The class scores c are those of `logits` alone.
    int attention_logits, attention_map;
    int stage[STAGES];     // values: A_1..A_4 (the outputs of layer1..layer4)
    int explained[STAGES]; // which of them carry g
    int input_explained;   // the input does, and t
    struct parameters *parameters;
    enum graph_mode mode;
    enum precision precision; // of the operands of convolutions; set before graph_plan
    // Of values between layers: PRECISION_BF16 keeps in pairs what can be, where `precision` is too.
    enum precision activations;
    int training; // batch statistics, and running ones are updated
    struct {
        uint64_t seed, step;
    } dropout;     // key of dropout's draws; whoever trains sets both before the forward pass
    int frozen;    // the backward map leaves gradients of parameters alone (whatever they hold)
    real *scratch; // shared by the layers
    size_t scratch_offset;
    size_t arena_bytes;     // what graph_plan asks for
    void *arena;            // borrowed
    graph_observe *observe; // NULL: nobody looks
    void *observer;         // its context
};

// ---- building

struct graph *graph_create(int batch, struct parameters *parameters, struct error *err);
void graph_free(struct graph *g); // not its parameters, not its arena

int graph_add_value(struct graph *g, int channels, int height, int width, struct error *err); // index or -1
// Adds a node of that layer and name; the caller fills in further inputs and what the layer owns. NULL on
// failure. The pointer holds until the next call.
struct node *graph_add_node(struct graph *g, const struct layer *layer, const char *name, int input,
                            int output, struct error *err);

// ---- planning

// Decides maps and offsets for `mode` with the given stages explained (bits 0..3), or the input (EXPLAIN_INPUT);
// sets arena_bytes.
// `threads`: the maximum that will work at once.
int graph_plan(struct graph *g, enum graph_mode mode, unsigned explained, int threads, struct error *err);
// Gives the planned graph its arena: arena_bytes bytes, 64-byte aligned. Graphs that never run at once may
// share one.
void graph_place(struct graph *g, void *arena);

// ---- running; each wants the one before

void graph_forward(struct graph *g); // x of `input` must be filled

// Called for each explained stage (0..3) at the moment when its array in the map at hand is complete but not
// yet used.
typedef void graph_visit(void *context, struct graph *g, int stage);

// labels [batch]. `visit` sees G_l = dc/dA_l; afterwards the array belongs to the layers, which cut it at the
// ReLU.
void graph_score(struct graph *g, const int32_t *labels, graph_visit *visit, void *context);
// The same of any function of the logits z: g of the logits must be filled with its gradient. Afterwards an
// explained input's g holds the gradient in the image.
void graph_score_seeded(struct graph *g, graph_visit *visit, void *context);
// `visit` adds dL/dG_l to the t of the stage. t of an explained input must be filled with dL/d(its g). Where the seed
// of g depended on z, whoever filled it finds t of the logits afterwards, until the backward map is through them.
void graph_tangent(struct graph *g, graph_visit *visit, void *context);
// d of the logits must be filled, and that of an attention branch's logits and map (what the loss makes of
// them; the map's other uses are added). `visit` adds dL/dA_l to the d of the stage (NULL for the baseline).
void graph_backward(struct graph *g, graph_visit *visit, void *context);

int graph_pairs(const struct graph *g); // whether any value may be kept in pairs

// A value's map as bf16 in pairs; only where it is `paired`.
uint16_t *value_pairs(const struct graph *g, int value, enum map map);

// Elements of a value's array, and of one channel's row.
size_t value_columns(const struct graph *g, int value);
size_t value_size(const struct graph *g, int value);

// Bytes of one of a value's arrays, as the plan keeps it.
size_t value_bytes(const struct graph *g, int value);

// The first node, in the map's order of computing, whose output holds a number that is not finite:
// "layer3.0.bn2". NULL when all are finite. Means something until the next map has run (arrays are reused).
const char *graph_first_nonfinite(const struct graph *g, enum map map);

#endif
