// A network for inference as a list of kernels whose weights are packed once: one call runs a whole batch.
//
// A large batch is cut into runs of samples, and each thread takes a run through all kernels while it lies in its cache;
// a small one goes through kernel by kernel, all threads at each.
#include <functional>
#include <utility>

#include "conv2d_sizes.hpp"
#include "pool2d_sizes.hpp"

namespace pellucid {
namespace {

constexpr long RUN = 16;  // samples that a thread takes through the network at a time

class Program {
public:
    using Step = std::function<void(const float* x, float* y, long N)>;

    using Image = std::tuple<Whole, Whole, Whole>;  // channels, rows, columns

    explicit Program(Whole inputs) : inputs_(inputs), outputs_(inputs), widest_(inputs) {
        expect(inputs >= 1, "program: a sample has at least one number");
    }

    void conv2d(Image x_shape, FloatIn weight, MaybeIn bias, Pair stride, Sides padding, Pair dilation, Whole groups,
                bool relu, int pooling, Pair window, bool exact) {
        auto [C, H, W] = x_shape;
        expects(C, H, W);
        Sizes z = conv2d_sizes({1, C, H, W}, sizes(weight), stride, padding, dilation, groups, relu, pooling, window);
        expect(!bias || count(*bias) == z.s.O, "program: a bias has another size");
        auto packed = memory(kernels_->conv2d_packed_size(z.s, z.f, exact));
        kernels_->conv2d_pack(z.s, z.f, exact, Input(weight, ROW_MAJOR), packed.get());
        auto added = copy(bias);
        add(z.s.O * z.f.OH * z.f.OW, [=, k = kernels_](const float* in, float* out, long N) {
            Conv s = z.s;
            s.N = N;
            k->conv2d_run(s, z.f, exact, in, packed.get(), added.get(), out, nullptr);
        });
    }

    void linear(FloatIn weight, MaybeIn bias, bool relu) {
        expect(weight.ndim() == 2, "program: a linear weight has two axes");
        long O = (long)weight.shape(0), I = (long)weight.shape(1);
        expects(I);
        expect(!bias || count(*bias) == O, "program: a bias has another size");
        auto packed = memory(kernels_->linear_packed_size(I, O));
        kernels_->linear_pack(Input(weight, ROW_MAJOR), packed.get(), I, O);
        auto added = copy(bias);
        add(O, [=, k = kernels_](const float* in, float* out, long N) {
            k->linear_run(in, packed.get(), added.get(), out, N, I, O, relu);
        });
    }

    // C channels of P pixels each, with running statistics.
    void batch_norm(Whole C, Whole P, MaybeIn weight, MaybeIn bias, FloatIn mean, FloatIn var, double eps, bool relu) {
        expects(C, P);
        expect(count(mean) == C && count(var) == C && (!weight || count(*weight) == C) && (!bias || count(*bias) == C),
               "program: a batch-norm of another size");
        std::shared_ptr<double> statistics(new double[2 * (long)C], std::default_delete<double[]>());
        kernels_->batch_norm_given(Input(mean, ROW_MAJOR), Input(var, ROW_MAJOR), statistics.get(), C);
        auto scale = copy(weight), added = copy(bias);
        add(outputs_ / times_, [=, k = kernels_](const float* in, float* out, long N) {
            k->batch_norm_forward(Channels{N, C, P, false}, in, scale.get(), added.get(), statistics.get(), out, eps, relu);
        });
    }

    void flatten(Whole C, Whole P) {
        expects(C, P);
        add(outputs_ / times_, [=, k = kernels_](const float* in, float* out, long N) {
            k->flatten_forward(in, out, N, C, P);
        });
    }

    // From here on each sample is `times` of them: the steps of a sequence, each of which goes through by itself.
    void repeat(Whole times) {
        expect(times >= 1 && outputs_ % times == 0, "program: the samples cannot be cut so");
        times_ = times;
    }

    // A recurrent layer over T steps; it gives the state after each of them, or the last one.
    void lstm(Whole T, FloatIn weight_ih, FloatIn weight_hh, MaybeIn bias_ih, MaybeIn bias_hh, bool sequences) {
        recurrent(&Kernels::lstm_run, 4, T, weight_ih, weight_hh, bias_ih, bias_hh, sequences);
    }
    void gru(Whole T, FloatIn weight_ih, FloatIn weight_hh, MaybeIn bias_ih, MaybeIn bias_hh, bool sequences) {
        recurrent(&Kernels::gru_run, 3, T, weight_ih, weight_hh, bias_ih, bias_hh, sequences);
    }

    // counts (OH, OW) makes it a mean; without them it is the maximum.
    void pool2d(Image x_shape, Pair kernel, Pair stride, Pair start, Pair outputs, MaybeIn counts) {
        const long C = std::get<0>(x_shape), H = std::get<1>(x_shape), W = std::get<2>(x_shape);
        expects(C, H, W);
        const Pool p = windows(kernel, stride, start, H, W, std::get<0>(outputs), std::get<1>(outputs));
        expect(p.OH * p.OW < LIMIT, "program: an image has 2^31 numbers or more");
        expect(!counts || count(*counts) == p.OH * p.OW, "program: one count for each window is needed");
        auto divisors = copy(counts);
        add(C * p.OH * p.OW, [=, k = kernels_](const float* in, float* out, long N) {
            if (divisors) return k->avg_pool2d_forward(in, divisors.get(), out, N, C, H, W, p);
            float* index = scratch(SHARDS, N * C * p.OH * p.OW);  // nobody asks for the winners
            k->max_pool2d_forward(in, out, index, 4, N, C, H, W, p);
        });
    }

    void relu() { each(kernels_->relu_forward); }
    void sigmoid() { each(kernels_->sigmoid_forward); }
    void tanh() { each(kernels_->tanh_forward); }
    void elu(double alpha) { each(kernels_->elu_forward, (float)alpha); }
    void gelu(bool by_tanh) { each(kernels_->gelu_forward, by_tanh); }
    void hard_swish() { each(kernels_->hard_swish_forward); }
    void silu() { each(kernels_->silu_forward); }
    void softmax(Whole K) { rows(K, kernels_->softmax_forward); }
    void log_softmax(Whole K) { rows(K, kernels_->log_softmax_forward); }

    long inputs() const { return inputs_; }
    long outputs() const { return outputs_; }

    void run(FloatIn x, FloatOut y) const {
        expect(x.ndim() >= 1 && y.ndim() >= 1 && x.shape(0) == y.shape(0), "program: x and y need as many samples");
        const long N = (long)x.shape(0);
        expect_countable({N, widest_, (long)sizeof(float)});
        expect(count(x) == N * inputs_ && count(y) == N * outputs_, "program: x or y has another size");
        Input<float> in(x, IMAGE);
        run_samples(in, output(y, IMAGE), N);
    }

private:
    void run_samples(const float* x, float* y, long N) const {
        const long runs = (N + RUN - 1) / RUN;
        if (runs < 2 * thread_count()) return run_steps(x, y, N);
        parallel_for(runs, [=](long i) {
            const long first = i * N / runs, end = (i + 1) * N / runs;
            run_steps(x + first * inputs_, y + first * outputs_, end - first);
        });
    }

    void run_steps(const float* x, float* y, long N) const {
        float* buffers[2] = {scratch(ACTIVATIONS, 2 * N * widest_ + 16), nullptr};
        buffers[1] = buffers[0] + (N * widest_ + 15) / 16 * 16;
        const float* from = x;
        for (size_t i = 0; i < steps_.size(); i++) {
            float* to = i + 1 == steps_.size() ? y : buffers[i % 2];
            steps_[i](from, to, N);
            from = to;
        }
        if (steps_.empty()) std::memcpy(y, x, N * inputs_ * sizeof(float));
    }

    // That what the step before gives is made of these numbers, each time.
    void expects(long a, long b = 1, long c = 1) const {
        const long size = outputs_ / times_;
        const bool fits = a > 0 && b > 0 && c > 0 && a <= size && b <= size / a && c <= size / a / b;
        expect(fits && a * b * c == size, "program: a step does not fit the one before it");
    }

    void add(long outputs, Step step) {
        expect(outputs > 0 && outputs < LIMIT / times_, "program: a sample becomes nothing, or 2^31 numbers or more");
        outputs_ = outputs * times_;
        widest_ = outputs_ > widest_ ? outputs_ : widest_;
        if (times_ == 1) return steps_.push_back(std::move(step));
        steps_.push_back([step = std::move(step), times = times_](const float* in, float* out, long N) {
            step(in, out, N * times);
        });
    }

    template <class F>
    void recurrent(F Kernels::*run, long gates, Whole T, FloatIn weight_ih, FloatIn weight_hh, MaybeIn bias_ih,
                   MaybeIn bias_hh, bool sequences) {
        expect(weight_ih.ndim() == 2 && weight_hh.ndim() == 2, "program: a recurrent weight has two axes");
        const long G = (long)weight_ih.shape(0), I = (long)weight_ih.shape(1), H = (long)weight_hh.shape(1);
        expect(T >= 1 && G == gates * H && (long)weight_hh.shape(0) == G, "program: recurrent sizes do not fit");
        expect(bias_ih.has_value() == bias_hh.has_value(), "program: one bias is missing");
        expect(!bias_ih || (count(*bias_ih) == G && count(*bias_hh) == G), "program: a bias has another size");
        expects(T, I);
        const long inputs = kernels_->linear_packed_size(I, G);
        auto packed = memory(inputs + kernels_->linear_packed_size(H, G));
        kernels_->linear_pack(Input(weight_ih, ROW_MAJOR), packed.get(), I, G);
        kernels_->linear_pack(Input(weight_hh, ROW_MAJOR), packed.get() + inputs, H, G);
        auto from_input = copy(bias_ih), from_state = copy(bias_hh);
        expect(H < LIMIT, "program: a state has 2^31 numbers or more");
        add(sequences ? T * H : H, [=, k = kernels_](const float* in, float* out, long N) {
            (k->*run)(Sequence{N, T, I, H, false}, in, packed.get(), from_input.get(), from_state.get(),
                      sequences ? out : nullptr, sequences ? nullptr : out);
        });
    }

    template <class F, class... A>
    void each(F kernel, A... options) {
        const long size = outputs_ / times_;
        add(size, [=](const float* in, float* out, long N) { kernel(in, out, options..., N * size); });
    }

    template <class F>
    void rows(long K, F kernel) {
        const long size = outputs_ / times_;
        expect(K >= 1 && size % K == 0, "program: rows do not fit");
        add(size, [count = size / K, K, kernel](const float* in, float* out, long N) { kernel(in, out, N * count, K); });
    }

    static std::shared_ptr<float> memory(long floats) {
        return {allocate<float>(floats), std::free};
    }

    static std::shared_ptr<float> copy(const std::optional<In<float>>& array) {
        if (!array) return nullptr;
        auto target = memory(count(*array));
        std::memcpy(target.get(), Input(*array, ROW_MAJOR), count(*array) * sizeof(float));
        return target;
    }

    const Kernels* kernels_ = kernels;  // packed weights are of one instruction set
    long inputs_, outputs_, widest_, times_ = 1;
    std::vector<Step> steps_;
};

}  // namespace

void bind_program(nb::module_& m) {
    nb::class_<Program>(m, "Program", "A network for inference; see nn/predictor.py.")
        .def(nb::init<Whole>(), "inputs"_a)
        .def("batch_norm", &Program::batch_norm, "C"_a, "P"_a, "weight"_a.noconvert().none(), "bias"_a.noconvert().none(),
             "mean"_a.noconvert(), "var"_a.noconvert(), "eps"_a, "relu"_a)
        .def("conv2d", &Program::conv2d, "x_shape"_a, "weight"_a.noconvert(), "bias"_a.noconvert().none(), "stride"_a,
             "padding"_a, "dilation"_a, "groups"_a, "relu"_a, "pooling"_a, "window"_a, "exact"_a)
        .def("linear", &Program::linear, "weight"_a.noconvert(), "bias"_a.noconvert().none(), "relu"_a)
        .def("repeat", &Program::repeat, "times"_a)
        .def("lstm", &Program::lstm, "T"_a, "weight_ih"_a.noconvert(), "weight_hh"_a.noconvert(),
             "bias_ih"_a.noconvert().none(), "bias_hh"_a.noconvert().none(), "sequences"_a)
        .def("gru", &Program::gru, "T"_a, "weight_ih"_a.noconvert(), "weight_hh"_a.noconvert(),
             "bias_ih"_a.noconvert().none(), "bias_hh"_a.noconvert().none(), "sequences"_a)
        .def("flatten", &Program::flatten, "C"_a, "P"_a)
        .def("pool2d", &Program::pool2d, "x_shape"_a, "kernel"_a, "stride"_a, "start"_a, "outputs"_a,
             "counts"_a.noconvert().none())
        .def("relu", &Program::relu)
        .def("sigmoid", &Program::sigmoid)
        .def("tanh", &Program::tanh)
        .def("elu", &Program::elu, "alpha"_a)
        .def("gelu", &Program::gelu, "by_tanh"_a)
        .def("hard_swish", &Program::hard_swish)
        .def("silu", &Program::silu)
        .def("softmax", &Program::softmax, "K"_a)
        .def("log_softmax", &Program::log_softmax, "K"_a)
        .def_prop_ro("inputs", &Program::inputs)
        .def_prop_ro("outputs", &Program::outputs)
        .def("run", &Program::run, "x"_a.noconvert(), "y"_a.noconvert(), Released());
}

}  // namespace pellucid
