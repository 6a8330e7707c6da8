// What SwiftUI re-exports of UIKit, and what an app is made of.

@_exported import AppleFoundation
@_exported import QuartzCore

@MainActor
open class UIView: NSObject {
    open class var layerClass: AnyClass { CALayer.self }
    public var layer: CALayer { fatalError() }
}

@MainActor
public final class UIDevice: NSObject {
    public static var current: UIDevice { fatalError() }
    public var name: String { fatalError() }
}

@MainActor
public final class UIApplication: NSObject {
    public struct LaunchOptionsKey: Hashable {}
    public func registerForRemoteNotifications() {}
}

@MainActor
public protocol UIApplicationDelegate: NSObjectProtocol {
    func application(
        _ application: UIApplication, didFinishLaunchingWithOptions options: [UIApplication.LaunchOptionsKey: Any]?
    ) -> Bool
    func application(_ application: UIApplication, didRegisterForRemoteNotificationsWithDeviceToken token: Data)
}

@MainActor @propertyWrapper
public struct UIApplicationDelegateAdaptor<Delegate: NSObject & UIApplicationDelegate> {
    public init(_ type: Delegate.Type = Delegate.self) {}
    public var wrappedValue: Delegate { fatalError() }
}

@MainActor @preconcurrency
public protocol UIViewRepresentable: Primitive {
    associatedtype UIViewType: UIView
    typealias Context = UIViewRepresentableContext
    func makeUIView(context: Context) -> UIViewType
    func updateUIView(_ view: UIViewType, context: Context)
}

public struct UIViewRepresentableContext {}

@MainActor @preconcurrency
public protocol Scene {}

@MainActor @preconcurrency
public struct WindowGroup: Scene {
    public init(@ViewBuilder content: () -> some View) {}
}

extension Scene {
    public func onChange(of value: some Equatable, _ action: @escaping @MainActor () -> Void) -> some Scene { self }
}

@MainActor @preconcurrency
public protocol App {
    associatedtype Body: Scene
    var body: Body { get }
    init()
}

extension App {
    public static func main() { fatalError() }
}

public enum ScenePhase { case background, inactive, active }

extension EnvironmentValues {
    public var scenePhase: ScenePhase { .active }
}
