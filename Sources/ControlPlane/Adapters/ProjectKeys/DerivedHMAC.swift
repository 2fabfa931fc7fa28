import Orchestrator
import TokenKit

/// HMAC-SHA256 under a key that is derived from the master key for one purpose and installation alone.
struct DerivedHMAC: Sendable {
    private let master: MasterKey
    private let context: [UInt8]

    /// - Parameter purpose: A constant of the program. What was computed is stored: never change one.
    init(master: MasterKey, installation: String, purpose: String) {
        self.master = master
        context = SealingContext(.signature, installation, purpose).bytes
    }

    /// The code of a message; 32 bytes.
    func code(of message: [UInt8]) throws(KeyError) -> [UInt8] {
        do throws(TokenError) {
            let key = KeyBytes(try Digest.hmacSHA256(context, key: master.key))
            return try Digest.hmacSHA256(message, key: key)
        } catch { throw .cannotMint("\(error)") }
    }
}
