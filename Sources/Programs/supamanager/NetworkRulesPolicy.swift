import ConsistencyModel
import LinuxHost
import Logging
import Orchestrator
import Reconciler

/// The policy of packet filter rules.
enum NetworkRulesPolicy: String, Sendable {
    /// Puts them in force at every start, and does not start without them.
    case install
    /// Warns when they are not in force.
    case check
    /// Neither: something else guards the host.
    case off
}

extension ServeSettings {
    /// The rules of an installation with these settings; nothing when the identifier is not one.
    func rulesInstaller(installation: String) -> NetworkRulesInstaller? {
        NetworkRules(installation: installation, pool: subnets.pool, ports: ports).map {
            NetworkRulesInstaller($0, run: HostProgram.runner)
        }
    }

    /// The check of the rules; nil where they are switched off.
    func networkRulesCheck(installation: String) -> ConsistencyInspector.NetworkRulesCheck? {
        guard networkRules != .off, let installer = rulesInstaller(installation: installation) else { return nil }
        return {
            do throws(HostError) { return .known(try await installer.shortcomings()) } catch {
                return .failed(error.description)
            }
        }
    }

    /// Does at start what the policy says.
    func applyNetworkRules(installation: String, _ logger: Logger) async throws {
        guard let installer = rulesInstaller(installation: installation) else { return }
        switch networkRules {
        case .off: return
        case .install:
            do throws(HostError) { try await installer.install() } catch {
                throw Problem(
                    description:
                        "the packet filter rules cannot be put in force: \(error) (--network-rules check starts "
                        + "without them)")
            }
            logger.info("packet filter rules are in force", metadata: ["pool": "\(subnets.pool)"])
        case .check:
            let advice = "run supamanager network-rules install as root, or serve --network-rules install"
            do throws(HostError) {
                let shortcomings = try await installer.shortcomings()
                guard !shortcomings.isEmpty else { return }
                logger.warning(
                    """
                    projects are not reliably kept apart: no packet filter rules are in force, so containers of one \
                    project reach those of another (of other organizations, too) in moments when the engine makes a \
                    network, and reach this host and a cloud's credentials at any time
                    """,
                    metadata: ["found": "\(shortcomings.joined(separator: "; "))", "advice": "\(advice)"])
            } catch {
                logger.warning(
                    "it is unknown whether packet filter rules keep projects apart from each other and from this host",
                    metadata: ["reason": "\(error)", "advice": "\(advice)"])
            }
        }
    }
}
