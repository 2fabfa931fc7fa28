public import Orchestrator
public import ProjectModel
import Reconciler

/// Reads the live installation and judges it by ``ConsistencyCheck``. It changes nothing.
public struct ConsistencyInspector: Sendable {
    /// Most projects that are checked.
    public static let projectsMax = 5_000
    /// Most leases that are checked.
    public static let leasesMax = 50_000
    /// Most folders that are checked.
    public static let foldersMax = 10_000
    /// Refs that only the engine or the disk names; their tombstones are looked up.
    public static let tombstonesMax = 200
    /// Projects whose secrets are opened.
    public static let secretsMax = 500
    /// Most audit trails whose end is checked.
    public static let trailsMax = 200
    /// Most entries at the end of a trail that are checked.
    public static let trailEntriesMax = 100
    /// Pause before the second reading: transient findings of the first are dropped.
    public static let pause: Duration = .seconds(1)

    /// Checks entries that follow each other, and the end of their trail as it was before they were read; gives what is
    /// wrong with them. How hashes are computed is the adapter's.
    public typealias TrailCheck = @Sendable ([AuditEntry], AuditHead) -> String?

    /// Reports why the packet filter rules of the installation are not in force.
    public typealias NetworkRulesCheck = @Sendable () async -> ConsistencyReading<[String]>

    /// The sources of an inspector.
    public struct Sources: Sendable {
        public var store: any ProjectStore
        /// The store's part for checks.
        public var records: any StoreInspection
        /// Audit trails.
        public var ledger: any RequestLedger
        /// Opens secrets.
        public var minter: any KeyMinter
        /// The engine's images.
        public var engine: any ContainerEngine
        /// The engine's part for checks.
        public var inspection: any EngineInspection
        /// The host's network.
        public var network: any HostNetwork
        public var host: any HostInspection
        /// Checks the end of a trail.
        public var checkTrail: TrailCheck
        /// Checks the packet filter; nil where its rules are switched off.
        public var checkNetworkRules: NetworkRulesCheck?
        /// The clock.
        public var time: any TimeSource

        public init(
            store: any ProjectStore, records: any StoreInspection, ledger: any RequestLedger, minter: any KeyMinter,
            engine: any ContainerEngine, inspection: any EngineInspection, network: any HostNetwork,
            host: any HostInspection, checkTrail: @escaping TrailCheck,
            checkNetworkRules: NetworkRulesCheck? = nil, time: any TimeSource = SystemTime()
        ) {
            self.store = store
            self.records = records
            self.ledger = ledger
            self.minter = minter
            self.engine = engine
            self.inspection = inspection
            self.network = network
            self.host = host
            self.checkTrail = checkTrail
            self.checkNetworkRules = checkNetworkRules
            self.time = time
        }
    }

    let sources: Sources
    let settings: ConsistencyFacts.Settings
    let dataFolder: String
    let bindAddress: String
    let images: [StackName: Set<StackImage>]
    let defaultStack: StackName

    /// An inspector of one installation.
    ///
    /// - Parameters:
    ///   - bindAddress: Where projects publish.
    ///   - images: Images of the installed stacks.
    ///   - defaultStack: The stack of projects that name none.
    public init(
        _ sources: Sources, settings: ConsistencyFacts.Settings, dataFolder: String, bindAddress: String,
        images: [StackName: Set<StackImage>], defaultStack: StackName
    ) {
        self.sources = sources
        self.settings = settings
        self.dataFolder = dataFolder
        self.bindAddress = bindAddress
        self.images = images
        self.defaultStack = defaultStack
    }

    /// Reads once and, when there are findings, a second time: only persistent ones are reported.
    public func check() async -> ConsistencyReport {
        let first = ConsistencyCheck.findings(in: await read())
        guard first.contains(where: { $0.severity > .ok }) else {
            return ConsistencyReport(at: sources.time.now(), findings: first)
        }
        // Cancelled: the caller is gone.
        do { try await sources.time.sleep(for: Self.pause) } catch {
            return ConsistencyReport(at: sources.time.now(), findings: first)
        }
        let second = ConsistencyCheck.findings(in: await read())
        return ConsistencyReport(at: sources.time.now(), findings: ConsistencyCheck.confirmed(first, second))
    }

    /// Objects and folders are read before the records: a record comes before the first object of a project.
    func read() async -> ConsistencyFacts {
        var facts = ConsistencyFacts(at: sources.time.now(), settings: settings)
        facts.folders = reading { () throws(HostError) in
            try sources.host.folderNames(in: settings.projectsFolder, limit: Self.foldersMax)
        }
        facts.engine = await reading { () async throws(EngineError) in try await sources.inspection.inventory() }
        facts.listening = reading { () throws(HostError) in
            try sources.network.listeningPorts(on: bindAddress)
        }
        facts.routes = reading { () throws(HostError) in try sources.network.routes() }
        facts.kernel = reading { () throws(HostError) in try kernel() }
        facts.disks = reading { () throws(HostError) in try disks(facts.engine.value) }
        if let check = sources.checkNetworkRules { facts.networkRules = await check() }
        await readStore(&facts)
        if facts.engine.value != nil {
            let wanted = wantedImages(facts.projects.value ?? [])
            facts.missingImages = await reading { () async throws(EngineError) in
                let missing = try await sources.engine.missingImages(Set(wanted.map(\.name)))
                return wanted.filter { missing.contains($0.name) }.sorted()
            }
        }
        return facts
    }

    /// Images of the stacks that new projects get and present ones have: those of other stacks may be missing.
    private func wantedImages(_ projects: [ProjectRecord]) -> Set<StackImage> {
        let stacks = Set(projects.filter { $0.status != .deleted }.map(\.stack)).union([defaultStack])
        return stacks.reduce(into: []) { $0.formUnion(images[$1] ?? []) }
    }

    private func kernel() throws(HostError) -> KernelValues {
        var values = try sources.host.kernelValues()
        values.ephemeralPorts = try sources.network.ephemeralPorts()
        return values
    }

    private func disks(_ engine: EngineInventory?) throws(HostError) -> [DiskSpace] {
        let own = try sources.host.diskSpace(under: dataFolder)
        var disks = [
            DiskSpace(
                purpose: "the data folder", path: dataFolder, freeBytes: own.freeBytes, totalBytes: own.totalBytes)
        ]
        // The engine may be in another mount namespace, where its folder is nothing to us.
        if let root = engine?.rootFolder, !root.isEmpty, let space = try? sources.host.diskSpace(under: root) {
            disks.append(
                DiskSpace(
                    purpose: "images, containers and volumes of the engine", path: root, freeBytes: space.freeBytes,
                    totalBytes: space.totalBytes))
        }
        return disks
    }
}

/// Turns what a port throws into a reading.
func reading<Value: Sendable, Failure: Error>(
    _ body: () throws(Failure) -> Value
) -> ConsistencyReading<Value> {
    do throws(Failure) { return .known(try body()) } catch { return .failed("\(error)") }
}

/// Turns what a port throws into a reading.
func reading<Value: Sendable, Failure: Error>(
    _ body: () async throws(Failure) -> Value
) async -> ConsistencyReading<Value> {
    do throws(Failure) { return .known(try await body()) } catch { return .failed("\(error)") }
}
