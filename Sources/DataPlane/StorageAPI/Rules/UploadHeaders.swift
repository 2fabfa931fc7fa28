import DataPlaneCore

/// What a client says about an object beside its bytes.
struct UploadDetails: Sendable, Equatable {
    /// Longest user metadata, in bytes of JSON.
    static let metadataBytesMax = 1 << 20
    static let cacheDefault = "no-cache"
    private static let cacheBytesMax = 1_000

    var type = MIMETypes.unknown
    var cacheControl = cacheDefault
    var userMetadata: JSONText?

    /// Reads the headers of a raw upload.
    static func raw(_ http: ServiceRequest) throws(StorageError) -> UploadDetails {
        UploadDetails(
            type: MIMETypes.stored(http.header("content-type")),
            cacheControl: header(http.header("cache-control")),
            userMetadata: try http.header("x-metadata").map { text throws(StorageError) in try metadata(base64: text) })
    }

    private static func header(_ text: String?) -> String {
        guard let text = text?.trimmed, !text.isEmpty, text.utf8.count <= cacheBytesMax,
            text.utf8.allSatisfy({ (0x20...0x7e).contains($0) })
        else { return cacheDefault }
        return text
    }

    /// What clients send as seconds.
    static func cacheControl(seconds text: String) -> String {
        let text = text.trimmed
        guard !text.isEmpty else { return cacheDefault }
        return text.utf8.allSatisfy { (0x30...0x39).contains($0) } ? "max-age=\(text)" : header(text)
    }

    static func metadata(base64 text: String) throws(StorageError) -> JSONText {
        guard let bytes = Base64Text.decode(text.trimmed) else { throw .badParameter("x-metadata") }
        return try metadata(bytes)
    }

    static func metadata(_ bytes: [UInt8]) throws(StorageError) -> JSONText {
        guard bytes.count <= metadataBytesMax, let json = try? JSONText(bytes), case .object = json else {
            throw .badParameter("metadata")
        }
        return json
    }
}
