import TokenKit

/// Takes the framing of `aws-chunked` bodies away while they come in, and checks the signature of each chunk and of
/// the trailer where they have one.
struct ChunkedPayload {
    /// Largest chunk, in bytes: one that is signed is kept until its signature was checked.
    static let chunkBytesMax = 8 << 20
    private static let lineBytesMax = 4 << 10
    private static let trailerBytesMax = 16 << 10

    /// What signatures of chunks stand on.
    struct Signer: Sendable {
        var key: KeyBytes
        var scope: SigV4.Scope
        var time: String
        var previous: String

        mutating func check(_ chunk: [UInt8], _ signature: String?) throws(StorageError) {
            let text = [
                "AWS4-HMAC-SHA256-PAYLOAD", time, scope.text, previous, SigV4.emptyDigest, try SigV4.digest(chunk),
            ].joined(separator: "\n")
            try check(text: text, signature)
        }

        mutating func check(trailer: [UInt8], _ signature: String?) throws(StorageError) {
            let text = [
                "AWS4-HMAC-SHA256-TRAILER", time, scope.text, previous, try SigV4.digest(trailer),
            ].joined(separator: "\n")
            try check(text: text, signature)
        }

        private mutating func check(text: String, _ signature: String?) throws(StorageError) {
            let expected = Hex.encode(try SigV4.tag(text, key))
            guard let signature, constantTimeEqual(Array(expected.utf8), Array(signature.utf8)) else {
                throw .s3Signature
            }
            previous = expected
        }
    }

    private enum State {
        case size
        case data(left: Int, signature: String?)
        case dataEnd
        case trailer
        case finished
    }

    private var signer: Signer?
    private let hasTrailer: Bool
    private var state = State.size
    private var buffer: [UInt8] = []
    /// Names and values of the trailer, in lower case.
    private(set) var trailer: [String: String] = [:]

    init(signer: Signer?, hasTrailer: Bool) {
        self.signer = signer
        self.hasTrailer = hasTrailer
    }

    var isFinished: Bool {
        if case .finished = state { true } else { false }
    }

    private static let malformed = StorageError(
        400, code: "IncompleteBody", message: "The chunks of the body cannot be read")

    /// Takes bytes in, and gives those of the object that are checked.
    mutating func take(_ bytes: [UInt8]) throws(StorageError) -> [UInt8] {
        buffer += bytes
        var output: [UInt8] = []
        while try step(&output) {}
        return output
    }

    private mutating func step(_ output: inout [UInt8]) throws(StorageError) -> Bool {
        switch state {
        case .size: return try size()
        case .data(let left, let signature):
            // Unsigned data is passed on as it comes.
            let count = min(left, buffer.count)
            guard signer == nil ? count > 0 : count == left else { return false }
            let data = Array(buffer[..<count])
            buffer.removeFirst(count)
            try signer?.check(data, signature)
            output += data
            state = count == left ? .dataEnd : .data(left: left - count, signature: nil)
        case .dataEnd:
            guard buffer.count >= 2 else { return false }
            guard buffer[0] == 13, buffer[1] == 10 else { throw Self.malformed }
            buffer.removeFirst(2)
            state = .size
        case .trailer: return try readTrailer()
        case .finished:
            guard buffer.isEmpty else { throw Self.malformed }
            return false
        }
        return true
    }

    private mutating func line() throws(StorageError) -> String? {
        guard let end = buffer.firstIndex(of: 10) else {
            guard buffer.count <= Self.lineBytesMax else { throw Self.malformed }
            return nil
        }
        guard end > 0, buffer[end - 1] == 13, let text = String(validating: buffer[..<(end - 1)], as: UTF8.self) else {
            throw Self.malformed
        }
        buffer.removeFirst(end + 1)
        return text
    }

    private mutating func size() throws(StorageError) -> Bool {
        guard let line = try line() else { return false }
        let parts = line.split(separator: ";", maxSplits: 1)
        guard let digits = parts.first, digits.utf8.count <= 8, let count = Int(digits, radix: 16), count >= 0,
            count <= Self.chunkBytesMax || signer == nil
        else { throw Self.malformed }
        let signature = parts.count > 1 ? parts[1].split(separator: "=", maxSplits: 1).last.map(String.init) : nil
        if count > 0 {
            state = .data(left: count, signature: signature)
            return true
        }
        try signer?.check([], signature)
        state = .trailer
        return true
    }

    /// The lines after the last chunk, up to an empty one.
    private mutating func readTrailer() throws(StorageError) -> Bool {
        guard let line = try line() else { return false }
        guard !line.isEmpty else {
            guard !hasTrailer || !trailer.isEmpty else { throw Self.malformed }
            state = .finished
            return true
        }
        guard hasTrailer, let colon = line.firstIndex(of: ":"), trailer.count < 16 else { throw Self.malformed }
        let name = line[..<colon].trimmed.lowercased()
        let value = line[line.index(after: colon)...].trimmed
        if name == "x-amz-trailer-signature" {
            let signed = trailer.sorted { $0.key < $1.key }.map { "\($0.key):\($0.value)\n" }.joined()
            try signer?.check(trailer: Array(signed.utf8), value)
            signer = nil
        } else {
            trailer[name] = value
        }
        return true
    }

    /// Called at the end of the body.
    func finish() throws(StorageError) {
        guard isFinished, !(hasTrailer && signer != nil) else { throw Self.malformed }
    }
}
