import CurlKit

extension DockerClient {
    /// The log of a container so far. Maps to `GET /containers/{id}/logs`.
    ///
    /// - Parameters:
    ///   - query: which part of it.
    ///   - limitBytes: where to stop reading; the output is then marked as cut off.
    public func logs(
        of id: String, _ query: LogQuery = LogQuery(), limitBytes: Int = DockerLimits.logBytes
    ) async throws(DockerError) -> CollectedOutput {
        let stream = try await outputStream(
            try logsCall(id, query, follow: false), hasTerminal: query.hasTerminal,
            totalTimeout: DockerLimits.logsTimeout)
        return try await CollectedOutput(reading: stream, limitBytes: limitBytes)
    }

    /// What a container has written, and what it writes from now on, until it stops. Maps to
    /// `GET /containers/{id}/logs?follow=1`. A slow reader makes the engine wait, and loses nothing.
    public func followLogs(
        of id: String, _ query: LogQuery = LogQuery()
    ) async throws(DockerError) -> EngineStream<OutputPiece> {
        try await outputStream(try logsCall(id, query, follow: true), hasTerminal: query.hasTerminal)
    }

    /// What a container has written up to now. Maps to `GET /containers/{id}/logs`.
    public func pastLogs(
        of id: String, _ query: LogQuery = LogQuery()
    ) async throws(DockerError) -> EngineStream<OutputPiece> {
        try await outputStream(
            try logsCall(id, query, follow: false), hasTerminal: query.hasTerminal,
            totalTimeout: DockerLimits.logsTimeout)
    }

    private func logsCall(_ id: String, _ query: LogQuery, follow: Bool) throws(DockerError) -> EngineCall {
        var call = try containerCall("GET", id: id, rest: "/logs")
        call.query = [
            ("follow", "\(follow)"), ("stdout", "true"), ("stderr", "true"), ("timestamps", "\(query.hasTimestamps)"),
            ("tail", query.tailLines.map { "\($0)" } ?? "all"),
        ]
        if let since = query.since { call.query.append(("since", since.description)) }
        call.timeout = DockerLimits.streamHeadTimeout
        return call
    }

    /// Makes a call whose answer is a process's output.
    func outputStream(
        _ call: EngineCall, hasTerminal: Bool, totalTimeout: Duration? = nil
    ) async throws(DockerError) -> EngineStream<OutputPiece> {
        let stream = try await wire.stream(call, totalTimeout: totalTimeout)
        if hasTerminal { return EngineStream(stream, decoder: TerminalOutputDecoder()) }
        return EngineStream(stream, decoder: FramedOutputDecoder(call: call.label))
    }
}

/// The requested part of a container's log.
public struct LogQuery: Sendable, Equatable {
    /// Number of lines from the end; nil means all.
    public var tailLines: Int?
    /// Only what was written from this moment on.
    public var since: EngineTimestamp?
    /// Whether each line begins with its time in RFC 3339 and a space.
    public var hasTimestamps: Bool
    /// Whether the container has a terminal, which no container made by this client has.
    public var hasTerminal: Bool

    /// All of the log unless restricted.
    public init(
        tailLines: Int? = nil, since: EngineTimestamp? = nil, hasTimestamps: Bool = false, hasTerminal: Bool = false
    ) {
        self.tailLines = tailLines
        self.since = since
        self.hasTimestamps = hasTimestamps
        self.hasTerminal = hasTerminal
    }
}

/// A process's output, read up to a limit.
public struct CollectedOutput: Sendable, Equatable {
    /// The pieces in the order in which the engine had them.
    public private(set) var pieces: [OutputPiece] = []
    /// Whether there is more than the limit allowed.
    public private(set) var isCutOff = false

    /// Standard output and standard error together; bytes that are not UTF-8 are replaced.
    public var text: String { String(decoding: pieces.flatMap(\.bytes), as: UTF8.self) }

    /// What came from one source; bytes that are not UTF-8 are replaced.
    public func text(of source: OutputSource) -> String {
        String(decoding: pieces.filter { $0.source == source }.flatMap(\.bytes), as: UTF8.self)
    }

    init(reading stream: EngineStream<OutputPiece>, limitBytes: Int) async throws(DockerError) {
        var left = limitBytes
        var iterator = stream.makeAsyncIterator()
        while let piece = try await iterator.next(isolation: nil) {
            guard piece.bytes.count <= left else {
                pieces.append(OutputPiece(source: piece.source, bytes: Array(piece.bytes.prefix(left))))
                isCutOff = true
                return
            }
            left -= piece.bytes.count
            pieces.append(piece)
        }
    }
}
