import ComposeTemplates
import ConsistencyModel
import CurlKit
import DockerEngine
import FoundationEssentials
import LinuxHost
import Orchestrator
import PostgresKit
import ProjectKeys
import ProjectModel
import Reconciler

/// Checks on this machine what a manager needs to start and to work, without a manager. It reads and changes nothing.
struct LocalDoctor: Sendable {
    let options: [String: String]
    let environment: [String: String]
    let http: HTTPClient
    /// Nothing answers where the manager should listen.
    let isManagerSilent: Bool

    /// Runs every check that is possible; one that fails keeps none of the others from running.
    func report() async -> ConsistencyReport {
        var found: [ConsistencyFinding] = []
        let time = SystemTime()
        do {
            let settings = try ServeSettings(options: options, environment: environment)
            let local = LocalChecks(settings: settings)
            found += local.templates()
            found += [local.dataFolder(), local.masterKey(), local.engineSocket()]
            if isManagerSilent { found += local.listenAddress() }
            found.append(await local.backupStore(client: http))
            found.append(await local.databasePrograms(searchPath: environment["PATH"] ?? ""))
            found += ConsistencyCheck.findings(in: await facts(settings, time.now()))
        } catch {
            found.append(
                ConsistencyFinding(
                    "settings.valid", .error, found: "the settings cannot be used: \(error)",
                    advice: "correct the option or the variable that is named, as serve --help describes it"))
        }
        let sorted = found.enumerated().sorted {
            ($1.element.severity, $0.offset) < ($0.element.severity, $1.offset)
        }
        return ConsistencyReport(at: time.now(), findings: sorted.map(\.element))
    }

    private func facts(_ settings: ServeSettings, _ now: Timestamp) async -> ConsistencyFacts {
        var facts = ConsistencyFacts(at: now, settings: settings.consistency)
        let engine = DockerContainerEngine(host: settings.dockerHost, http: http, installation: "none")
        do throws(EngineError) {
            let inventory = try await engine.inventory(ofAnyInstallation: true)
            facts.engine = .known(inventory)
        } catch { facts.engine = .failed("\(error)") }
        if facts.engine.value != nil { facts.missingImages = await missingImages(settings, engine) }
        let host = LinuxHostInspection()
        do throws(HostError) {
            facts.routes = .known(try LinuxHostNetwork().routes())
            var kernel = try host.kernelValues()
            kernel.ephemeralPorts = try LinuxHostNetwork().ephemeralPorts()
            facts.kernel = .known(kernel)
            let space = try host.diskSpace(under: settings.dataFolder)
            facts.disks = .known([
                DiskSpace(
                    purpose: "the data folder", path: settings.dataFolder, freeBytes: space.freeBytes,
                    totalBytes: space.totalBytes)
            ])
        } catch { facts.kernel = .failed("\(error)") }
        if let installation = DataFolder.installation(in: settings.dataFolder),
            let check = settings.networkRulesCheck(installation: installation)
        {
            facts.networkRules = await check()
        }
        if let parameters = settings.database { facts.database = await database(parameters) }
        return facts
    }

    private func missingImages(
        _ settings: ServeSettings, _ engine: DockerContainerEngine
    ) async -> ConsistencyReading<[StackImage]> {
        do {
            // Which other stacks have projects, only a manager knows.
            let images = try ComposeStackRenderer(
                template: try StackFolders(path: settings.templatesFolder).template(of: settings.stack),
                settings: settings.rendering
            ).images()
            let missing = try await engine.missingImages(Set(images.map(\.name)))
            return .known(images.filter { missing.contains($0.name) }.sorted())
        } catch let error as EngineError {
            return .failed("\(error)")
        } catch {
            // The template's own check reports it.
            return .notAsked
        }
    }

    private func database(_ parameters: PostgresConnectionParameters) async -> ConsistencyReading<
        ConsistencyFacts.Database
    > {
        do {
            let connection = try await PostgresConnection.connect(parameters)
            let began = ContinuousClock.now
            let row: PostgresRow
            do {
                row = try await connection.single("select current_setting('server_version_num')::integer as version")
            } catch {
                await connection.close()
                throw error
            }
            let latency = ContinuousClock.now - began
            await connection.close()
            return .known(ConsistencyFacts.Database(latency: latency, version: try row.int("version")))
        } catch { return .failed("\(error)") }
    }
}

extension ServeSettings {
    /// What a check compares with.
    var consistency: ConsistencyFacts.Settings {
        ConsistencyFacts.Settings(
            ports: ports, subnets: subnets.pool, projectsFolder: projectsFolder, words: .docker)
    }
}
