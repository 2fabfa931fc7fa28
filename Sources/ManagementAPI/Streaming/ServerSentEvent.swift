/// One event of a `text/event-stream` (WHATWG HTML, section 9.2).
struct ServerSentEvent: Sendable, Equatable {
    /// Name of the event; one of this API's own words.
    var name: String
    /// Where a client that comes back goes on; it sends this as `Last-Event-ID`.
    var id: String?
    /// The data; of several lines where it has them.
    var data: String

    /// As it is written. A carriage return alone ends a line of a stream, too.
    var text: String {
        var text = "event: \(name)\n"
        if let id { text += "id: \(id)\n" }
        for line in data.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline) {
            text += "data: \(line)\n"
        }
        return text + "\n"
    }

    /// What is written when there is nothing to tell: proxies and clients see that the connection lives.
    static let keepAlive = ": \n\n"
}
