public import Orchestrator
public import ProjectModel

/// Seals passwords of registries under a key derived from the master key for one registry and account: the
/// ``Orchestrator/RegistryPasswordSealer`` of production. A row whose host was changed does not open, so a writer of
/// the database cannot make the manager send a password to another registry.
public struct MasterKeyRegistrySealer: RegistryPasswordSealer {
    private let sealer: InstallationSealer

    /// A sealer for one installation.
    public init(master: MasterKey, installation: String) {
        sealer = InstallationSealer(master: master, installation: installation)
    }

    /// A host has no spaces: no two pairs of host and account give the same purpose.
    private static func purpose(_ username: String, _ host: RegistryHost) -> String {
        "registry login \(host) \(username)"
    }

    /// Seals a password.
    public func seal(
        _ password: Secret<String>, of username: String, at host: RegistryHost
    ) throws(KeyError) -> [UInt8] {
        do throws(ProjectKeyError) {
            return try sealer.seal(Array(password.reveal().utf8), as: Self.purpose(username, host))
        } catch { throw .cannotMint("\(error)") }
    }

    /// Opens a sealed password.
    public func open(
        _ sealed: [UInt8], of username: String, at host: RegistryHost
    ) throws(KeyError) -> Secret<String> {
        do throws(ProjectKeyError) {
            return Secret(String(decoding: try sealer.open(sealed, as: Self.purpose(username, host)), as: UTF8.self))
        } catch { throw .cannotMint("\(error)") }
    }
}
