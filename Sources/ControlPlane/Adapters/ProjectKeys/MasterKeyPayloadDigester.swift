public import Orchestrator

/// Makes digests of requests under a key derived from the master key for this purpose and installation alone: the
/// ``Orchestrator/PayloadDigester`` of production.
public struct MasterKeyPayloadDigester: PayloadDigester {
    private let codes: DerivedHMAC

    /// A digester for one installation, whose id is part of every digest.
    public init(master: MasterKey, installation: String) {
        codes = DerivedHMAC(master: master, installation: installation, purpose: "request payload")
    }

    /// The HMAC-SHA256 of a SHA-256; 32 bytes.
    public func digest(ofSHA256 sha256: [UInt8]) throws(KeyError) -> [UInt8] { try codes.code(of: sha256) }
}
