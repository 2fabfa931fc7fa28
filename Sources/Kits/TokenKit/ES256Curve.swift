import COpenSSL

/// Arithmetic and signatures on P-256, by libcrypto. Keys come in as bytes and live in libcrypto for one call only.
enum P256 {
    private static let coordinateByteCount = 32

    /// Whether the number may be a private key: from 1 to the order less one.
    static func isScalar(_ bytes: KeyBytes) throws(TokenError) -> Bool {
        let group = try Group()
        let number = try SecretNumber(bytes)
        return BN_is_zero(number.pointer) == 0 && BN_cmp(number.pointer, EC_GROUP_get0_order(group.pointer)) < 0
    }

    /// Whether the bytes are a point of the curve. All of them but infinity, which has no uncompressed form, have the
    /// group's order, as the curve's cofactor is 1.
    static func isOnCurve(_ bytes: [UInt8]) throws(TokenError) -> Bool {
        let group = try Group()
        guard let point = EC_POINT_new(group.pointer) else { throw .crypto("EC_POINT_new") }
        defer { EC_POINT_free(point) }
        // Refuses coordinates of p and more as well.
        let isPoint = EC_POINT_oct2point(group.pointer, point, bytes, bytes.count, nil) == 1
        if !isPoint { ERR_clear_error() }
        return isPoint
    }

    /// The uncompressed public point of a private number.
    static func publicPoint(of scalar: KeyBytes) throws(TokenError) -> [UInt8] {
        let group = try Group()
        let number = try SecretNumber(scalar)
        guard let point = EC_POINT_new(group.pointer) else { throw .crypto("EC_POINT_new") }
        defer { EC_POINT_clear_free(point) }
        guard EC_POINT_mul(group.pointer, point, number.pointer, nil, nil, nil) == 1 else {
            throw .crypto("EC_POINT_mul")
        }
        var bytes = [UInt8](repeating: 0, count: ES256PublicKey.pointByteCount)
        let written = EC_POINT_point2oct(
            group.pointer, point, POINT_CONVERSION_UNCOMPRESSED, &bytes, bytes.count, nil)
        guard written == bytes.count else { throw .crypto("EC_POINT_point2oct") }
        return bytes
    }

    /// The signature as r and s.
    static func sign(_ message: [UInt8], with key: ES256PrivateKey) throws(TokenError) -> [UInt8] {
        let handle = try ES256Handle(key)
        guard let context = EVP_MD_CTX_new() else { throw .crypto("EVP_MD_CTX_new") }
        defer { EVP_MD_CTX_free(context) }
        var count = Int(EVP_PKEY_get_size(handle.pointer))
        var der = [UInt8](repeating: 0, count: max(0, count))
        guard EVP_DigestSignInit(context, nil, EVP_sha256(), nil, handle.pointer) == 1,
            EVP_DigestSign(context, &der, &count, message, message.count) == 1
        else { throw .crypto("ECDSA signature") }
        return try rawForm(Array(der.prefix(count)))
    }

    /// Whether r and s are a signature of the message.
    static func verify(_ raw: [UInt8], of message: [UInt8], by key: ES256PublicKey) throws(TokenError) -> Bool {
        let der = try derForm(raw)
        let handle = try ES256Handle(key)
        guard let context = EVP_MD_CTX_new() else { throw .crypto("EVP_MD_CTX_new") }
        defer { EVP_MD_CTX_free(context) }
        guard EVP_DigestVerifyInit(context, nil, EVP_sha256(), nil, handle.pointer) == 1 else {
            throw .crypto("EVP_DigestVerifyInit")
        }
        let isValid = EVP_DigestVerify(context, der, der.count, message, message.count) == 1
        // Not only a wrong signature, also r or s out of range leaves an error in the thread's queue.
        if !isValid { ERR_clear_error() }
        return isValid
    }

    private static func rawForm(_ der: [UInt8]) throws(TokenError) -> [UInt8] {
        let parsed = der.withUnsafeBufferPointer { buffer in
            var start = buffer.baseAddress
            return d2i_ECDSA_SIG(nil, &start, buffer.count)
        }
        guard let parsed else { throw .crypto("d2i_ECDSA_SIG") }
        defer { ECDSA_SIG_free(parsed) }
        var raw: [UInt8] = []
        for number in [ECDSA_SIG_get0_r(parsed), ECDSA_SIG_get0_s(parsed)] {
            var bytes = [UInt8](repeating: 0, count: coordinateByteCount)
            guard BN_bn2binpad(number, &bytes, Int32(bytes.count)) == Int32(bytes.count) else {
                throw .crypto("BN_bn2binpad")
            }
            raw += bytes
        }
        return raw
    }

    private static func derForm(_ raw: [UInt8]) throws(TokenError) -> [UInt8] {
        guard let signature = ECDSA_SIG_new() else { throw .crypto("ECDSA_SIG_new") }
        defer { ECDSA_SIG_free(signature) }
        let half = Int32(coordinateByteCount)
        let r = BN_bin2bn(Array(raw.prefix(coordinateByteCount)), half, nil)
        let s = BN_bin2bn(Array(raw.suffix(coordinateByteCount)), half, nil)
        // From here on the signature owns both numbers; before, and when it refuses them, they are not owned.
        guard let r, let s, ECDSA_SIG_set0(signature, r, s) == 1 else {
            BN_free(r)
            BN_free(s)
            throw .crypto("ECDSA_SIG_set0")
        }
        let count = i2d_ECDSA_SIG(signature, nil)
        guard count > 0 else { throw .crypto("i2d_ECDSA_SIG") }
        var der = [UInt8](repeating: 0, count: Int(count))
        let written = der.withUnsafeMutableBufferPointer { buffer in
            var start = buffer.baseAddress
            return i2d_ECDSA_SIG(signature, &start)
        }
        guard written == count else { throw .crypto("i2d_ECDSA_SIG") }
        return der
    }
}

/// The curve in libcrypto.
private struct Group: ~Copyable {
    let pointer: OpaquePointer

    init() throws(TokenError) {
        guard let pointer = EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1) else {
            throw .crypto("EC_GROUP_new_by_curve_name")
        }
        self.pointer = pointer
    }

    deinit { EC_GROUP_free(pointer) }
}
