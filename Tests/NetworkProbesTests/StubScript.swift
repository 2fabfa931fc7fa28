import NIOCore

/// What a stub does with each connection.
struct StubScript: Sendable {
    enum Ending: Sendable {
        /// Leaves the end of the connection to the client.
        case keepOpen
        /// Keeps its side open even after the client has ended its own.
        case never
        /// Sends two more messages after the client has ended its side, then closes.
        case lastWords
        case close
        case halfClose
    }

    /// Sent when the connection is accepted, without being asked.
    var greeting: [UInt8] = []
    /// Sent when the first bytes arrive.
    var answer: [UInt8] = []
    /// With a pause, the answer goes out byte by byte.
    var pause: TimeAmount?
    /// What comes after the answer, or after the first bytes where there is none.
    var ending: Ending = .keepOpen

    static func answering(_ text: String, then ending: Ending = .keepOpen) -> StubScript {
        StubScript(answer: Array(text.utf8), ending: ending)
    }
}
