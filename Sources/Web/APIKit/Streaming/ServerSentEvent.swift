/// One event of a `text/event-stream` (WHATWG HTML, section 9.2).
package struct ServerSentEvent: Sendable, Equatable {
    /// Name of the event; one of this API's own words.
    package var name: String
    /// Where a reconnecting client resumes; it sends this as `Last-Event-ID`.
    package var id: String?
    /// The data; of several lines where it has them.
    package var data: String

    package init(name: String, id: String? = nil, data: String) {
        self.name = name
        self.id = id
        self.data = data
    }

    /// The wire form. A carriage return alone ends a line of a stream, too.
    package var text: String {
        var text = "event: \(name)\n"
        if let id { text += "id: \(id)\n" }
        for line in data.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline) {
            text += "data: \(line)\n"
        }
        return text + "\n"
    }

    /// Sent when there is no event: proxies and clients see that the connection is alive.
    package static let keepAlive = ": \n\n"
}
