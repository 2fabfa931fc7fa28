import Orchestrator
import ProjectKeys
import Testing
import TokenKit

@Suite("Signatures of audit heads")
struct MasterKeyAuditSignerTests {
    private let master: MasterKey
    private let signer: MasterKeyAuditSigner

    init() throws {
        master = try MasterKey(KeyBytes([UInt8](repeating: 3, count: 32)))
        signer = MasterKeyAuditSigner(master: master, installation: "i1")
    }

    @Test("equal texts have equal signatures, also after a restart")
    func stable() throws {
        let signature = try signer.sign("head")
        #expect(signature.count == 32)
        #expect(try MasterKeyAuditSigner(master: master, installation: "i1").isSignature(signature, of: "head"))
    }

    @Test("a signature belongs to its text, installation and master key, whole and unchanged")
    func bound() throws {
        let signature = try signer.sign("head")
        #expect(try !signer.isSignature(signature, of: "head "))
        for changed in [[], Array(signature.dropLast()), signature + [0], signature.map { $0 ^ 1 }] {
            #expect(try !signer.isSignature(changed, of: "head"))
        }
        let others = [
            MasterKeyAuditSigner(master: master, installation: "i2"),
            MasterKeyAuditSigner(master: try MasterKey(KeyBytes.random(count: 32)), installation: "i1"),
        ]
        for other in others { #expect(try !other.isSignature(signature, of: "head")) }
    }

    @Test("the key is derived for this purpose: it is neither the master key nor one that seals")
    func purpose() throws {
        let raw = KeyBytes([UInt8](repeating: 3, count: 32))
        #expect(try signer.sign("head") != Digest.hmacSHA256(Array("head".utf8), key: raw))
        // HMAC(HMAC(master, context), text), computed apart: python3 hmac, see the context's form in SealingContext.
        let expected = "538d173784702dae0cbb2804612b07bb0cb8731ce0225e31468118bd2ff20587"
        #expect(Hex.encode(try signer.sign("head")) == expected)
    }

    @Test("what is stored beside a head is judged: nothing, its signature, anything else")
    func judgement() throws {
        let scope = AuditScope.organization("acme")
        let hash = String(repeating: "a", count: 64)
        func judged(_ stored: [UInt8]?, number: Int64 = 7, in scope: AuditScope = scope) throws -> AuditSignature {
            try AuditSignature(stored: stored, of: (number, hash), in: scope, by: signer)
        }
        let signature = try signer.sign(AuditHead.signedText(scope, number: 7, hash: hash))
        #expect(try judged(nil) == .missing)
        #expect(try judged(signature) == .valid)
        #expect(try judged([]) == .invalid)
        #expect(try judged(signature, number: 6) == .invalid)
        #expect(try judged(signature, in: .account("acme")) == .invalid)
    }
}
