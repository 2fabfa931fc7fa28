import Glibc
import NIOCore
import NIOHTTP1
import Reconciler

/// What follows from an error on a connection: nothing for the service, when the manager itself could not ask.
func failureResult(_ error: any Error) -> ProbeResult {
    isOwnFault(error) ? .notMade(failureText(error)) : .notReady(failureText(error))
}

private func isOwnFault(_ error: any Error) -> Bool {
    switch error {
    case let error as IOError: [EMFILE, ENFILE, ENOBUFS, ENOMEM, EADDRNOTAVAIL].contains(error.errnoCode)
    case EventLoopError.shutdown, is CancellationError: true
    default: false
    }
}

/// What went wrong on a connection, in a few words.
func failureText(_ error: any Error) -> String {
    switch error {
    case let error as IOError: systemText(error)
    case let error as HTTPParserError: parserText(error)
    case is AnswerTooLong: "sent more than \(ProbeLimits.answerBytes) bytes without an answer"
    case EventLoopError.shutdown: "the manager is stopping"
    case ChannelError.connectTimeout: "no connection in time"
    case is ChannelError: "the connection ended before there was an answer"
    default: "the connection failed"
    }
}

private func systemText(_ error: IOError) -> String {
    switch error.errnoCode {
    case ECONNREFUSED: "connection refused"
    case ECONNRESET, EPIPE: "reset the connection without an answer"
    case EHOSTUNREACH, EHOSTDOWN: "no host at its address"
    case ENETUNREACH: "no route to its network"
    case ETIMEDOUT: "no connection"
    case EMFILE, ENFILE: "the manager has no file descriptor left"
    case ENOBUFS, ENOMEM: "the host has no memory left for a connection"
    case EADDRNOTAVAIL: "the host has no local port left"
    // SAFETY: the text is the C library's and is copied at once.
    default: unsafe "the connection failed: " + String(cString: strerror(error.errnoCode))
    }
}

private func parserText(_ error: HTTPParserError) -> String {
    switch error {
    case .invalidEOFState, .closedConnection: "closed the connection in the middle of its answer"
    case .headerOverflow: "sent headers that are too long"
    default: "its answer is not HTTP"
    }
}

/// A service's own words, bounded and on one line.
func quoted(_ bytes: some Sequence<UInt8>) -> String {
    let text = String(decoding: Array(bytes), as: UTF8.self).unicodeScalars.map { scalar in
        scalar.properties.generalCategory == .control ? " " : Character(scalar)
    }
    let words = String(text.prefix(ProbeLimits.quotedCharacters))
    return text.count > ProbeLimits.quotedCharacters ? "\(words)…" : words
}

/// `300 ms`, `2 s`, `1.5 s`.
func durationText(_ duration: TimeAmount) -> String {
    let milliseconds = duration.nanoseconds / 1_000_000
    guard milliseconds >= 1_000 else { return "\(milliseconds) ms" }
    var decimals = String(String(milliseconds % 1_000 + 1_000).dropFirst())
    while decimals.hasSuffix("0") { decimals.removeLast() }
    return decimals.isEmpty ? "\(milliseconds / 1_000) s" : "\(milliseconds / 1_000).\(decimals) s"
}
