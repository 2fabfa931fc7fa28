import COpenSSL

/// A digest over bytes that come piece by piece.
///
/// Not `Sendable`: it belongs to the one who feeds it.
public final class RunningDigest {
    /// The function.
    public enum Function: Sendable {
        /// For ETags and `Content-MD5`, which protect against accidents only.
        case md5
        case sha256
        case sha1
    }

    private let context: OpaquePointer

    /// A digest of nothing.
    public init(_ function: Function) throws(TokenError) {
        guard let context = EVP_MD_CTX_new() else { throw .crypto("EVP_MD_CTX_new") }
        self.context = context
        let type =
            switch function {
            case .md5: EVP_md5()
            case .sha1: EVP_sha1()
            case .sha256: EVP_sha256()
            }
        guard EVP_DigestInit_ex(context, type, nil) == 1 else { throw .crypto("EVP_DigestInit_ex") }
    }

    deinit { EVP_MD_CTX_free(context) }

    /// Takes more bytes in.
    public func update(_ bytes: some Collection<UInt8>) throws(TokenError) {
        let bytes = Array(bytes)
        guard EVP_DigestUpdate(context, bytes, bytes.count) == 1 else { throw .crypto("EVP_DigestUpdate") }
    }

    /// The digest of all bytes. Nothing can be added afterwards.
    public func finish() throws(TokenError) -> [UInt8] {
        var digest = [UInt8](repeating: 0, count: Int(EVP_MAX_MD_SIZE))
        var count: UInt32 = 0
        guard EVP_DigestFinal_ex(context, &digest, &count) == 1 else { throw .crypto("EVP_DigestFinal_ex") }
        return Array(digest.prefix(Int(count)))
    }
}
