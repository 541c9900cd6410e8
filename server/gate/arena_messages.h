// Requests and responses of a call in one piece of memory.
#ifndef SERVER_GATE_ARENA_MESSAGES_H_
#define SERVER_GATE_ARENA_MESSAGES_H_

#include <google/protobuf/arena.h>
#include <grpcpp/support/message_allocator.h>

#include <array>
#include <cstddef>

namespace fundgate::gate {

// For SetMessageAllocatorFor_…: messages, their fields and texts lie one after another, and go at
// once with the call. `first_bytes` are allocated for each call; larger messages take more. A
// response is to be filled where it is: moving a message of another origin into it copies it. Any
// thread; outlives the server.
template <typename Request, typename Response, size_t first_bytes>
class ArenaMessages final : public grpc::MessageAllocator<Request, Response> {
 public:
  grpc::MessageHolder<Request, Response>* AllocateMessages() override { return new Holder(); }

 private:
  class Holder final : public grpc::MessageHolder<Request, Response> {
   public:
    Holder() : arena_(OptionsFor(first_)) {
      this->set_request(google::protobuf::Arena::CreateMessage<Request>(&arena_));
      this->set_response(google::protobuf::Arena::CreateMessage<Response>(&arena_));
    }
    void Release() override { delete this; }

   private:
    using Block = std::array<char, first_bytes>;

    static google::protobuf::ArenaOptions OptionsFor(Block& first) {
      google::protobuf::ArenaOptions options;
      options.initial_block = first.data();
      options.initial_block_size = first.size();
      options.start_block_size = first.size();
      options.max_block_size = kLargestBlock;
      return options;
    }

    static constexpr size_t kLargestBlock = size_t{64} << 10;

    alignas(std::max_align_t) Block first_;  // not initialised
    google::protobuf::Arena arena_;
  };
};

}  // namespace fundgate::gate

#endif  // SERVER_GATE_ARENA_MESSAGES_H_
