public import Orchestrator
import TokenKit

/// Signs the heads of audit trails with HMAC-SHA256 under a key derived from the master key for this purpose and
/// installation alone: the ``Orchestrator/AuditSigner`` of production.
public struct MasterKeyAuditSigner: AuditSigner {
    private let codes: DerivedHMAC

    /// A signer for one installation, whose id is part of every signature.
    public init(master: MasterKey, installation: String) {
        codes = DerivedHMAC(master: master, installation: installation, purpose: "audit head")
    }

    /// Signs a text; 32 bytes.
    public func sign(_ text: String) throws(KeyError) -> [UInt8] { try codes.code(of: Array(text.utf8)) }

    /// Computes the signature again and compares in constant time.
    public func isSignature(_ signature: [UInt8], of text: String) throws(KeyError) -> Bool {
        constantTimeEqual(signature, try sign(text))
    }
}
