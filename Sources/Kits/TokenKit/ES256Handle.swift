import COpenSSL

/// A P-256 key inside libcrypto, for the length of one operation.
struct ES256Handle: ~Copyable {
    let pointer: OpaquePointer

    /// A key that checks signatures, or is the other side of an agreement.
    init(_ key: ES256PublicKey) throws(TokenError) {
        guard let made = supamanager_p256_key(key.x963, key.x963.count, nil) else { throw .crypto("P-256 key") }
        pointer = made
    }

    /// A key that signs and agrees.
    init(_ key: ES256PrivateKey) throws(TokenError) {
        let point = key.publicKey.x963
        let number = try SecretNumber(key.scalar)
        guard let made = supamanager_p256_key(point, point.count, number.pointer) else { throw .crypto("P-256 key") }
        pointer = made
    }

    deinit { EVP_PKEY_free(pointer) }
}

/// A secret number in libcrypto, overwritten when it goes.
struct SecretNumber: ~Copyable {
    let pointer: OpaquePointer

    init(_ bytes: KeyBytes) throws(TokenError) {
        guard let pointer = BN_new() else { throw .crypto("BN_new") }
        BN_set_flags(pointer, BN_FLG_CONSTTIME)
        guard bytes.withBytes({ BN_bin2bn($0, Int32(bytes.count), pointer) }) != nil else {
            BN_clear_free(pointer)
            throw .crypto("BN_bin2bn")
        }
        self.pointer = pointer
    }

    deinit { BN_clear_free(pointer) }
}
