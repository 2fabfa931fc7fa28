public import Orchestrator
import TokenKit

/// Signs the heads of audit trails with HMAC-SHA256 under a key derived from the master key for this purpose and
/// installation alone: the ``Orchestrator/AuditSigner`` of production.
public struct MasterKeyAuditSigner: AuditSigner {
    private static let purpose = "audit head"

    private let master: MasterKey
    private let context: [UInt8]

    /// A signer for one installation, whose id is part of every signature.
    public init(master: MasterKey, installation: String) {
        self.master = master
        context = SealingContext(.signature, installation, Self.purpose).bytes
    }

    /// Signs a text; 32 bytes.
    public func sign(_ text: String) throws(KeyError) -> [UInt8] {
        do throws(TokenError) {
            let key = KeyBytes(try Digest.hmacSHA256(context, key: master.key))
            return try Digest.hmacSHA256(Array(text.utf8), key: key)
        } catch { throw .cannotMint("\(error)") }
    }

    /// Computes the signature again and compares in constant time.
    public func isSignature(_ signature: [UInt8], of text: String) throws(KeyError) -> Bool {
        constantTimeEqual(signature, try sign(text))
    }
}
