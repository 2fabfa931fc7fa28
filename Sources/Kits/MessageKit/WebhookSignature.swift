public import TokenKit

/// How messages to webhooks are signed: as Standard Webhooks has it (specification 1.0.0, "Webhook signatures").
public enum WebhookSignature {
    /// The headers that prove who sent a body, and when. A receiver of two secrets takes a signature by either.
    public static func headers(
        id: String, seconds: Int64, body: [UInt8], secrets: [KeyBytes]
    ) throws(TokenError) -> [(name: String, value: String)] {
        var signatures: [String] = []
        for secret in secrets {
            let tag = try Digest.hmacSHA256(Array("\(id).\(seconds).".utf8) + body, key: secret)
            signatures.append("v1,\(Base64.encode(tag))")
        }
        return [
            ("webhook-id", id), ("webhook-timestamp", String(seconds)),
            ("webhook-signature", signatures.joined(separator: " ")),
        ]
    }
}
