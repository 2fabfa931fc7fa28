import CurlKit

/// Takes the bytes of a stream apart, however they happen to be cut.
protocol StreamDecoder<Element>: Sendable {
    associatedtype Element: Sendable
    /// The elements that are complete with these bytes.
    mutating func decode(_ bytes: [UInt8]) throws(DockerError) -> [Element]
    /// What is left at the end of the stream.
    mutating func finish() throws(DockerError) -> [Element]
}

/// A live answer of the engine, read by one task.
///
/// Cancelling that task, or letting go of the stream, closes the connection.
public struct EngineStream<Element: Sendable>: AsyncSequence, Sendable {
    /// How the stream may fail.
    public typealias Failure = DockerError

    private let body: HTTPResponseStream
    private let decoder: any StreamDecoder<Element>

    init(_ body: HTTPResponseStream, decoder: any StreamDecoder<Element>) {
        self.body = body
        self.decoder = decoder
    }

    /// Reads the stream from where it stands.
    public func makeAsyncIterator() -> Iterator {
        Iterator(body: body.makeAsyncIterator(), decoder: decoder)
    }

    /// Hands out the elements as they come.
    public struct Iterator: AsyncIteratorProtocol {
        var body: HTTPResponseStream.Iterator
        var decoder: any StreamDecoder<Element>
        /// Decoded and not yet handed out, the next one last. At most what one piece of the body holds.
        private var ready: [Element] = []
        private var hasEnded = false

        init(body: HTTPResponseStream.Iterator, decoder: any StreamDecoder<Element>) {
            self.body = body
            self.decoder = decoder
        }

        /// The next element; nil when the engine has ended the stream.
        public mutating func next(
            isolation actor: isolated (any Actor)? = #isolation
        ) async throws(DockerError) -> Element? {
            while ready.isEmpty, !hasEnded {
                let bytes: [UInt8]?
                do {
                    bytes = try await body.next(isolation: actor)
                } catch {
                    throw .transport(error)
                }
                if let bytes {
                    ready = try decoder.decode(bytes).reversed()
                } else {
                    hasEnded = true
                    ready = try decoder.finish().reversed()
                }
            }
            return ready.popLast()
        }
    }
}

/// One JSON document per line, as event and progress streams have it.
struct JSONLinesDecoder<Document: Decodable & Sendable>: StreamDecoder {
    let call: String
    /// Called with each line; may turn a line that reports a failure into an error.
    let check: @Sendable (Document) throws(DockerError) -> Void
    private var line: [UInt8] = []

    init(call: String, check: @escaping @Sendable (Document) throws(DockerError) -> Void = { _ in }) {
        self.call = call
        self.check = check
    }

    mutating func decode(_ bytes: [UInt8]) throws(DockerError) -> [Document] {
        var documents: [Document] = []
        for piece in bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).enumerated() {
            if piece.offset > 0, let document = try takeLine() { documents.append(document) }
            guard line.count + piece.element.count <= DockerLimits.streamLineBytes else {
                throw .decoding(reason: "a line exceeds \(DockerLimits.streamLineBytes) bytes", call: call)
            }
            line += piece.element
        }
        return documents
    }

    mutating func finish() throws(DockerError) -> [Document] {
        try takeLine().map { [$0] } ?? []
    }

    private mutating func takeLine() throws(DockerError) -> Document? {
        defer { line = [] }
        // Progress lines end with a carriage return and a line feed.
        guard line.contains(where: { $0 > 32 }) else { return nil }
        let document = try EngineWire.decode(Document.self, line, call: call)
        try check(document)
        return document
    }
}
