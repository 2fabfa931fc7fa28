/// A body that is written while it comes about: events, until there are no more or the client goes away.
struct StreamedBody: Sendable {
    /// What its content type says.
    static let contentType = "text/event-stream; charset=utf-8"

    /// Batches of events; pulled, so that a slow client makes the source wait.
    let events: AsyncThrowingStream<[ServerSentEvent], any Error>

    /// The batches that `next` gives, until it gives nil.
    init(_ next: @escaping @Sendable () async throws -> [ServerSentEvent]?) {
        events = AsyncThrowingStream(unfolding: next)
    }
}

/// Why a stream ended, as the data of its last event `end`.
enum StreamEnd: String, Sendable {
    case finished = "there is nothing more to come"
    case tooOld = "the longest time of one stream is over: connect again"
    case stopping = "the manager stops: connect again"
    case refused = "the credential does not count any more"
    case failed = "the source failed: connect again"

    var event: ServerSentEvent { ServerSentEvent(name: "end", data: rawValue) }
}
