import Orchestrator
import ProjectKeys
import Testing
import TokenKit

@Suite("Keyed digests of requests")
struct MasterKeyPayloadDigesterTests {
    @Test("equal requests have equal digests, under this installation's master key and for this purpose alone")
    func bound() throws {
        let master = try MasterKey(KeyBytes([UInt8](repeating: 3, count: 32)))
        let digester = MasterKeyPayloadDigester(master: master, installation: "i1")
        let plain = try Digest.sha256(Array("body".utf8))
        let digest = try digester.digest(ofSHA256: plain)
        // HMAC(HMAC(master, context), SHA-256), computed apart: python3 hmac, see the context's form in SealingContext.
        #expect(Hex.encode(digest) == "f0df3bf122f982f4c06f641f71fac58c3e3e33ca6a19b077fa09159dc22f3995")
        #expect(try MasterKeyAuditSigner(master: master, installation: "i1").sign("body") != digest)
        let others = [
            MasterKeyPayloadDigester(master: master, installation: "i2"),
            MasterKeyPayloadDigester(master: try MasterKey(KeyBytes.random(count: 32)), installation: "i1"),
        ]
        for other in others { #expect(try other.digest(ofSHA256: plain) != digest) }
    }
}
