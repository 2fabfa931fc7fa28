import Clients
import ConsistencyModel
import CurlKit
import FoundationEssentials
import Identity
import LinuxHost
import Logging
import NotificationModel
import NotificationSenders
import Orchestrator
import PostgresKit
import PostgresStore
import ProjectKeys
import ProjectModel

/// Notifications that leave this manager: requests for every role, and the loop of the active one.
struct AlertWork {
    let requests: ChannelCatalog
    let loop: AlertLoop
    /// The way out, by connections of its own: sinks answer as slowly as their owners like.
    private let http: HTTPClient

    init(
        settings: ServeSettings, pool: PostgresPool, lease: ManagerLease, master: MasterKey, installation: String,
        logger: Logger
    ) throws {
        http = try HTTPClient(limits: CurlAlertSender.limits)
        let sealer = InstallationSealer(master: master, installation: installation)
        let seal = ChannelSeal(
            seal: { bytes, channel throws(KeyError) in
                do throws(ProjectKeyError) { return try sealer.seal(bytes, as: Self.purpose(channel)) } catch {
                    throw .cannotMint("\(error)")
                }
            },
            open: { bytes, channel throws(KeyError) in
                do throws(ProjectKeyError) { return try sealer.open(bytes, as: Self.purpose(channel)) } catch {
                    throw .cannotMint("\(error)")
                }
            })
        requests = ChannelCatalog(
            store: PostgresChannelStore(pool: pool), seal: seal, draw: { UUID().uuidString.lowercased() })
        let (folder, name) = (settings.dataFolder, settings.publicHost.text)
        loop = AlertLoop(
            AlertLoop.Ground(
                store: PostgresChannelStore(pool: pool, under: lease),
                sender: CurlAlertSender(http: http, policy: settings.alertPolicy), seal: seal,
                address: settings.publicURL, installationSlug: Organization.defaultSlug,
                host: { Self.host(name, folder) }), logger: logger)
    }

    /// Part of what is sealed: it never changes.
    private static func purpose(_ channel: String) -> String { "notification channel \(channel)" }

    /// What cannot be measured is missing.
    private static func host(_ name: String, _ folder: String) -> ObservedHost? {
        var host = ObservedHost(name: "host \(name)")
        if let space = try? LinuxHostInspection().diskSpace(under: folder) {
            (host.diskFreeBytes, host.diskBytes) = (space.freeBytes, space.totalBytes)
        }
        if let memory = try? LinuxMemory().figures() {
            (host.memoryFreeBytes, host.memoryBytes) = (memory.availableBytes, memory.totalBytes)
        }
        return host
    }

    /// Ends what is in progress.
    func close() async { await http.shutdown() }
}
