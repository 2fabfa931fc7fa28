import FoundationEssentials
public import ProjectModel

/// A registry's credential.
public struct RegistryCredential: Sendable, Equatable {
    /// Name of the account; empty with an identity token.
    public var username: String
    /// Password, or the identity token itself.
    public var secret: Secret<String>
    /// Whether the secret is an identity token, which the engine exchanges for a shorter-lived one.
    public var isIdentityToken: Bool

    public init(username: String, secret: Secret<String>, isIdentityToken: Bool = false) {
        self.username = username
        self.secret = secret
        self.isIdentityToken = isIdentityToken
    }

    private struct Wire: Encodable {
        var username: String?
        var password: String?
        var identitytoken: String?
        let serveraddress: String
    }

    /// The value of `X-Registry-Auth`: JSON in the URL-safe base64 alphabet, with padding.
    func header(for registry: RegistryName) throws(DockerError) -> String {
        var wire = Wire(serveraddress: registry.key)
        if isIdentityToken {
            wire.identitytoken = secret.reveal()
        } else {
            (wire.username, wire.password) = (username, secret.reveal())
        }
        do {
            return try JSONEncoder().encode(wire).base64EncodedString()
                .replacing("+", with: "-").replacing("/", with: "_")
        } catch { throw .invalidArgument("the credential for \(registry) cannot be written as JSON") }
    }
}

/// Finds the credential for a registry.
public protocol RegistryCredentials: Sendable {
    /// The credential for the registry of an image; nil where there is none, and the image is pulled without.
    func credential(for image: ImageReference) async throws(RegistryCredentialError) -> RegistryCredential?
}

/// Why the credential for a registry could not be found out. It holds no secret.
public struct RegistryCredentialError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The message: what happened, where, and what to do.
    public let description: String

    /// An error with a message.
    public init(_ description: String) { self.description = description }
}

/// No credentials: every image is pulled anonymously.
public struct AnonymousRegistries: RegistryCredentials {
    /// No credentials.
    public init() {}

    /// Always nil.
    public func credential(for image: ImageReference) async throws(RegistryCredentialError) -> RegistryCredential? {
        nil
    }
}
