public import Orchestrator

extension DockerContainerEngine: ContainerLogs {
    /// Reads with the engine's own times, so that reading can begin again after any line.
    public func follow(
        container id: String, from start: LogStart
    ) async throws(EngineError) -> AsyncThrowingStream<[LogLine], any Error> {
        try await lines(ofContainer: id, from: start, isFollowing: true)
    }

    /// Reads a stream of the engine's, which ends it.
    public func past(
        container id: String, from start: LogStart
    ) async throws(EngineError) -> AsyncThrowingStream<[LogLine], any Error> {
        try await lines(ofContainer: id, from: start, isFollowing: false)
    }

    private func lines(
        ofContainer id: String, from start: LogStart, isFollowing: Bool
    ) async throws(EngineError) -> AsyncThrowingStream<[LogLine], any Error> {
        var query = LogQuery(hasTimestamps: true)
        var after: LogMoment?
        switch start {
        case .last(let lines): query.tailLines = lines
        case .after(let moment):
            guard let since = EngineTimestamp(moment.text) else {
                throw .invalid(message: "\(moment.text) is not a time")
            }
            query.since = since
            after = moment
        }
        let stream = try await translated { [query] client in
            isFollowing ? try await client.followLogs(of: id, query) : try await client.pastLogs(of: id, query)
        }
        let source = LogSource(stream, after: after)
        return AsyncThrowingStream { try await source.next() }
    }
}

/// One log that is read, pulled by its reader.
private actor LogSource {
    private var iterator: EngineStream<OutputPiece>.AsyncIterator?
    private var decoder = LogLineDecoder()
    /// The engine gives the line of this moment once more.
    private let after: LogMoment?

    init(_ stream: EngineStream<OutputPiece>, after: LogMoment?) {
        iterator = stream.makeAsyncIterator()
        self.after = after
    }

    func next() async throws -> [LogLine]? {
        while var stream = iterator {
            iterator = nil
            let piece: OutputPiece?
            do throws(DockerError) { piece = try await stream.next(isolation: self) } catch { throw EngineError(error) }
            let lines: [LogLine]
            if let piece {
                iterator = stream
                lines = decoder.decode(piece)
            } else {
                lines = decoder.finish()
            }
            let new = lines.filter { line in
                guard let after, let at = line.at else { return true }
                return at > after
            }
            if !new.isEmpty { return new }
        }
        return nil
    }
}
