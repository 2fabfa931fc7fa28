/// Parameters in the form that libpq takes: NUL-terminated texts and an array of pointers to them.
struct EncodedParameters: Sendable {
    private let storage: [CChar]
    private let offsets: [Int?]

    /// The texts, for clearing them out of error messages.
    let texts: [String]

    /// - Throws: ``PostgresError/invalidParameter(index:reason:)`` for NUL characters, which would cut the text off
    ///   on its way through C, and for more parameters than the protocol can count.
    init(_ parameters: [PostgresParameter]) throws(PostgresError) {
        guard parameters.count <= PostgresProtocolLimit.parameters else {
            throw .invalidParameter(
                index: PostgresProtocolLimit.parameters + 1,
                reason: "a statement takes at most \(PostgresProtocolLimit.parameters)")
        }
        var storage: [CChar] = []
        var offsets: [Int?] = []
        var texts: [String] = []
        for (position, parameter) in parameters.enumerated() {
            guard let text = parameter.wireText else {
                offsets.append(nil)
                continue
            }
            guard !text.utf8.contains(0) else {
                throw .invalidParameter(index: position + 1, reason: "text in PostgreSQL holds no NUL character")
            }
            offsets.append(storage.count)
            storage.append(contentsOf: text.utf8.lazy.map { CChar(bitPattern: $0) })
            storage.append(0)
            texts.append(text)
        }
        self.storage = storage
        self.offsets = offsets
        self.texts = texts
    }

    /// Bytes of all texts.
    var byteCount: Int { storage.count }

    /// Runs `body` with the number of parameters and the pointers, which are valid only inside it.
    func withPointers<Result>(_ body: (Int32, UnsafePointer<UnsafePointer<CChar>?>?) -> Result) -> Result {
        storage.withUnsafeBufferPointer { texts in
            let pointers = offsets.map { offset in
                offset.flatMap { offset in texts.baseAddress.map { $0 + offset } }
            }
            return pointers.withUnsafeBufferPointer { body(Int32($0.count), $0.baseAddress) }
        }
    }
}
