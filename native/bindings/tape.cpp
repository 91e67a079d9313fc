#include "tape.hpp"

#include "arrays.hpp"

namespace pellucid {

thread_local std::shared_ptr<Tape> recording;

namespace {

using Arrays = const std::vector<In<float>>&;

class Recorder {
public:
    Recorder() = default;
    Recorder(const Recorder&) = delete;
    ~Recorder() {
        if (recording == tape_) recording.reset();
    }

    void begin(Arrays given) {
        expect(!recording || recording.use_count() == 1, "Tape: this thread records already");
        given_ = given, tape_ = std::make_shared<Tape>();
        recording = tape_;
    }

    bool end() {
        expect(recording == tape_, "Tape: it does not record in this thread");
        recording.reset();
        return tape_->whole;
    }

    void replay(Arrays given, const std::vector<uint64_t>& keys) const {
        expect(tape_->whole && recording != tape_, "Tape: the recording is not whole");
        expect(given.size() == given_.size() && keys.size() == tape_->keys.size(), "Tape: other arrays, or other keys");
        Changes changes;
        for (size_t i = 0; i < given.size(); i++) {
            expect(alike(given[i], given_[i]), "Tape: an array of another shape, or that lies in memory otherwise");
            changes.put(given_[i].data(), given[i].data());
        }
        for (size_t i = 0; i < keys.size(); i++) changes.put(tape_->keys[i], Key{keys[i]});
        Unlocked unlocked;
        for (auto& call : tape_->calls) call(changes);
    }

    long count() const { return (long)tape_->calls.size(); }
    long keys() const { return (long)tape_->keys.size(); }

private:
    static bool alike(const In<float>& a, const In<float>& b) {
        if (sizes(a) != sizes(b)) return false;
        for (size_t i = 0; i < a.ndim(); i++)
            if (a.shape(i) > 1 && a.stride(i) != b.stride(i)) return false;
        return true;
    }

    std::vector<In<float>> given_;  // they stay alive: nothing else can come to lie where they are
    std::shared_ptr<Tape> tape_ = std::make_shared<Tape>();
};

}  // namespace

void bind_tape(nb::module_& m) {
    nb::class_<Recorder>(m, "Tape", "Kernel calls, to be run again in one call.")
        .def(nb::init<>())
        .def("begin", &Recorder::begin, "given"_a.noconvert(), "Record this thread's calls; a replay may give other arrays.")
        .def("end", &Recorder::end, "Stop; return whether a replay does the same.")
        .def("replay", &Recorder::replay, "given"_a.noconvert(), "keys"_a, "Run all calls again.")
        .def("__len__", &Recorder::count)
        .def_prop_ro("keys", &Recorder::keys, "How many random keys were used.");
}

}  // namespace pellucid
