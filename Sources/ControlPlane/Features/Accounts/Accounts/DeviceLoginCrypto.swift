import APIKit
public import ProjectModel

/// Seals an access token for the holder of a private key, as `supabase login` expects it: ECDH on P-256, the X
/// coordinate as the key of AES-256-GCM.
public protocol DeviceLoginCrypto: Sendable {
    /// Seals a token.
    ///
    /// - Parameters:
    ///   - token: The token.
    ///   - publicKeyHex: The client's public key, an uncompressed point in hex.
    func seal(token: Secret<String>, for publicKeyHex: String) throws(DeviceLoginError) -> SealedDeviceToken
}

/// A token that only the client can open; everything in hex.
public struct SealedDeviceToken: Sendable, Equatable {
    /// The server's ephemeral public key, an uncompressed point.
    public var publicKey: String
    /// The nonce, twelve bytes.
    public var nonce: String
    /// Ciphertext and tag.
    public var ciphertext: String

    /// A sealed token.
    public init(publicKey: String, nonce: String, ciphertext: String) {
        self.publicKey = publicKey
        self.nonce = nonce
        self.ciphertext = ciphertext
    }
}

/// Why a token could not be sealed. Holds no value.
public enum DeviceLoginError: Error, Sendable, Equatable {
    /// The client's key is no point of the curve.
    case badPublicKey
    /// The library failed.
    case failed(String)
}
