// response objects, whole and as the events of a stream.
#include <utility>

#include "server/openai/reply_parts.h"

namespace tritium::server {
namespace {

class ResponsesWriter : public ReplyWriter {
 public:
  ResponsesWriter(const ReplyOptions& options, const Json& echoed)
      : options_(options), echoed_(echoed), id_(new_id("resp_")), message_id_(new_id("msg_")) {}

  std::string begin() override {
    const Json response = object("in_progress", Json::array());
    event("response.created", {{"response", response}});
    event("response.in_progress", {{"response", response}});
    return std::exchange(events_, {});
  }

  std::string add(const Piece& piece) override {
    reasoning_ += piece.reasoning;
    if (!piece.content.empty()) {
      if (!open_) open_message();
      text_ += piece.content;
      event_of_text("response.output_text.delta", "delta", piece.content);
    }
    for (const Json& call : calls_json(piece.tool_calls)) {
      if (open_) close_message();
      add_call(call);
    }
    if (piece.finish) {
      finish_ = *piece.finish;
      if (open_) close_message();
    }
    return std::exchange(events_, {});
  }

  std::string end(const Usage& usage) override {
    const bool whole = finish_ != Finish::length;
    Json response = object(whole ? "completed" : "incomplete", output_);
    if (!whole) response["incomplete_details"] = {{"reason", "max_output_tokens"}};
    response["usage"] = {{"input_tokens", usage.prompt_tokens},
                         {"input_tokens_details", {{"cached_tokens", usage.cached_tokens}}},
                         {"output_tokens", usage.completion_tokens},
                         {"output_tokens_details", {{"reasoning_tokens", 0}}},
                         {"total_tokens", usage.prompt_tokens + usage.completion_tokens}};
    response["tritium"] = figures_json(usage);
    if (!reasoning_.empty()) response["tritium"]["reasoning_content"] = reasoning_;
    if (!options_.stream) return json_text(response);
    event(whole ? "response.completed" : "response.incomplete", {{"response", std::move(response)}});
    return std::exchange(events_, {});
  }

 private:
  void event(const std::string& type, const Json& data) {
    if (!options_.stream) return;
    Json all = {{"type", type}, {"sequence_number", sequence_++}};
    all.update(data);
    events_ += sse(all, type);
  }

  // Of the message's only part.
  void event_of_text(const std::string& type, const char* key, const Json& value) {
    Json data = {{"item_id", message_id_}, {"output_index", message_index_}, {"content_index", 0}};
    data[key] = value;
    event(type, data);
  }

  void event_of_item(const std::string& type, size_t index, const Json& item) {
    event(type, {{"output_index", index}, {"item", item}});
  }

  Json object(const char* status, const Json& output) const {
    Json response = {{"id", id_},
                     {"object", "response"},
                     {"created_at", options_.created},
                     {"status", status},
                     {"model", options_.model},
                     {"output", output},
                     {"error", nullptr},
                     {"incomplete_details", nullptr},
                     {"previous_response_id", nullptr},
                     {"store", false},
                     {"usage", nullptr}};
    response.update(echoed_);
    return response;
  }

  Json text_part() const { return {{"type", "output_text"}, {"text", text_}, {"annotations", Json::array()}}; }

  Json message(const char* status, Json content) const {
    return {{"id", message_id_},
            {"type", "message"},
            {"role", "assistant"},
            {"status", status},
            {"content", std::move(content)}};
  }

  void open_message() {
    open_ = true;
    message_index_ = output_.size();
    text_.clear();
    event_of_item("response.output_item.added", message_index_, message("in_progress", Json::array()));
    event_of_text("response.content_part.added", "part", text_part());
  }

  void close_message() {
    open_ = false;
    Json content = Json::array();
    content.push_back(text_part());
    const Json item = message(finish_ == Finish::length ? "incomplete" : "completed", std::move(content));
    output_.push_back(item);
    event_of_text("response.output_text.done", "text", text_);
    event_of_text("response.content_part.done", "part", text_part());
    event_of_item("response.output_item.done", message_index_, item);
    message_id_ = new_id("msg_");
  }

  void add_call(const Json& call) {
    const std::string id = new_id("fc_");
    const Json& arguments = call["function"]["arguments"];
    const size_t index = output_.size();
    Json item = {{"id", id},
                 {"type", "function_call"},
                 {"status", "in_progress"},
                 {"call_id", call["id"]},
                 {"name", call["function"]["name"]},
                 {"arguments", ""}};
    event_of_item("response.output_item.added", index, item);
    item["status"] = "completed";
    item["arguments"] = arguments;
    output_.push_back(item);
    event("response.function_call_arguments.delta", {{"item_id", id}, {"output_index", index}, {"delta", arguments}});
    event("response.function_call_arguments.done",
          {{"item_id", id}, {"output_index", index}, {"arguments", arguments}});
    event_of_item("response.output_item.done", index, item);
  }

  const ReplyOptions options_;
  const Json echoed_;
  const std::string id_;
  std::string message_id_, events_;
  Json output_ = Json::array();
  std::string text_, reasoning_;
  bool open_ = false;  // a message is being written
  size_t message_index_ = 0;
  int64_t sequence_ = 0;
  Finish finish_ = Finish::stop;
};

}  // namespace

std::unique_ptr<ReplyWriter> responses_writer(const ReplyOptions& options, const Json& echoed) {
  return std::make_unique<ResponsesWriter>(options, echoed);
}

}  // namespace tritium::server
