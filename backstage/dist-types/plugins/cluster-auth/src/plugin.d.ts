/**
 * The plugin: the card, the page, the dialog and the section of the user's settings.
 *
 * @public
 */
export declare const clusterAuthPlugin: import("@backstage/frontend-plugin-api").OverridableFrontendPlugin<{
    root: import("@backstage/frontend-plugin-api").RouteRef<undefined>;
}, {}, {
    "api:cluster-auth/client": import("@backstage/frontend-plugin-api").OverridableExtensionDefinition<{
        kind: "api";
        name: "client";
        config: {};
        configInput: {};
        output: import("@backstage/frontend-plugin-api").ExtensionDataRef<import("@backstage/frontend-plugin-api").ApiFactory<unknown, unknown, {
            [x: string]: unknown;
        }>, "core.api.factory", {}>;
        inputs: {};
        params: <TApi, TImpl extends TApi, TDeps extends { [name in string]: unknown; }>(params: import("@backstage/frontend-plugin-api").ApiFactory<TApi, TImpl, TDeps>) => import("@backstage/frontend-plugin-api").ExtensionBlueprintParams<import("@backstage/frontend-plugin-api").ApiFactory>;
    }>;
    "api:cluster-auth/login": import("@backstage/frontend-plugin-api").OverridableExtensionDefinition<{
        kind: "api";
        name: "login";
        config: {};
        configInput: {};
        output: import("@backstage/frontend-plugin-api").ExtensionDataRef<import("@backstage/frontend-plugin-api").ApiFactory<unknown, unknown, {
            [x: string]: unknown;
        }>, "core.api.factory", {}>;
        inputs: {};
        params: <TApi, TImpl extends TApi, TDeps extends { [name in string]: unknown; }>(params: import("@backstage/frontend-plugin-api").ApiFactory<TApi, TImpl, TDeps>) => import("@backstage/frontend-plugin-api").ExtensionBlueprintParams<import("@backstage/frontend-plugin-api").ApiFactory>;
    }>;
    "api:cluster-auth/status": import("@backstage/frontend-plugin-api").OverridableExtensionDefinition<{
        kind: "api";
        name: "status";
        config: {};
        configInput: {};
        output: import("@backstage/frontend-plugin-api").ExtensionDataRef<import("@backstage/frontend-plugin-api").ApiFactory<unknown, unknown, {
            [x: string]: unknown;
        }>, "core.api.factory", {}>;
        inputs: {};
        params: <TApi, TImpl extends TApi, TDeps extends { [name in string]: unknown; }>(params: import("@backstage/frontend-plugin-api").ApiFactory<TApi, TImpl, TDeps>) => import("@backstage/frontend-plugin-api").ExtensionBlueprintParams<import("@backstage/frontend-plugin-api").ApiFactory>;
    }>;
    "app-root-element:cluster-auth/login-dialog": import("@backstage/frontend-plugin-api").OverridableExtensionDefinition<{
        kind: "app-root-element";
        name: "login-dialog";
        config: {};
        configInput: {};
        output: import("@backstage/frontend-plugin-api").ExtensionDataRef<import("react").JSX.Element, "core.reactElement", {}>;
        inputs: {};
        params: {
            element: JSX.Element;
        };
    }>;
    "entity-card:cluster-auth/get-access": import("@backstage/frontend-plugin-api").OverridableExtensionDefinition<{
        kind: "entity-card";
        name: "get-access";
        config: {
            filter: string | import("@backstage/filter-predicates").FilterPredicate | undefined;
            type: "content" | "info" | undefined;
        };
        configInput: {
            filter?: string | import("@backstage/filter-predicates").FilterPredicate | undefined;
            type?: "content" | "info" | undefined;
        };
        output: import("@backstage/frontend-plugin-api").ExtensionDataRef<import("react").JSX.Element, "core.reactElement", {}> | import("@backstage/frontend-plugin-api").ExtensionDataRef<(entity: import("@backstage/catalog-model").Entity) => boolean, "catalog.entity-filter-function", {
            optional: true;
        }> | import("@backstage/frontend-plugin-api").ExtensionDataRef<string, "catalog.entity-filter-expression", {
            optional: true;
        }> | import("@backstage/frontend-plugin-api").ExtensionDataRef<import("@backstage/plugin-catalog-react/alpha").EntityCardType, "catalog.entity-card-type", {
            optional: true;
        }>;
        inputs: {};
        params: {
            loader: () => Promise<JSX.Element>;
            filter?: string | import("@backstage/filter-predicates").FilterPredicate | ((entity: import("@backstage/catalog-model").Entity) => boolean);
            type?: import("@backstage/plugin-catalog-react/alpha").EntityCardType;
        };
    }>;
    "page:cluster-auth": import("@backstage/frontend-plugin-api").OverridableExtensionDefinition<{
        kind: "page";
        name: undefined;
        config: {
            path: string | undefined;
            title: string | undefined;
        };
        configInput: {
            path?: string | undefined;
            title?: string | undefined;
        };
        output: import("@backstage/frontend-plugin-api").ExtensionDataRef<string, "core.routing.path", {}> | import("@backstage/frontend-plugin-api").ExtensionDataRef<import("react").JSX.Element, "core.reactElement", {}> | import("@backstage/frontend-plugin-api").ExtensionDataRef<import("@backstage/frontend-plugin-api").RouteRef<import("@backstage/frontend-plugin-api").AnyRouteRefParams>, "core.routing.ref", {
            optional: true;
        }> | import("@backstage/frontend-plugin-api").ExtensionDataRef<string, "core.title", {
            optional: true;
        }> | import("@backstage/frontend-plugin-api").ExtensionDataRef<import("@backstage/frontend-plugin-api").TranslationRefTuple<undefined>, "core.titleTranslation", {
            optional: true;
        }> | import("@backstage/frontend-plugin-api").ExtensionDataRef<import("@backstage/frontend-plugin-api").IconElement, "core.icon", {
            optional: true;
        }>;
        inputs: {
            pages: import("@backstage/frontend-plugin-api").ExtensionInput<import("@backstage/frontend-plugin-api").ConfigurableExtensionDataRef<import("react").JSX.Element, "core.reactElement", {}> | import("@backstage/frontend-plugin-api").ConfigurableExtensionDataRef<string, "core.routing.path", {}> | import("@backstage/frontend-plugin-api").ConfigurableExtensionDataRef<import("@backstage/frontend-plugin-api").RouteRef<import("@backstage/frontend-plugin-api").AnyRouteRefParams>, "core.routing.ref", {
                optional: true;
            }> | import("@backstage/frontend-plugin-api").ConfigurableExtensionDataRef<string, "core.title", {
                optional: true;
            }> | import("@backstage/frontend-plugin-api").ConfigurableExtensionDataRef<import("@backstage/frontend-plugin-api").TranslationRefTuple<undefined>, "core.titleTranslation", {
                optional: true;
            }> | import("@backstage/frontend-plugin-api").ConfigurableExtensionDataRef<import("@backstage/frontend-plugin-api").IconElement, "core.icon", {
                optional: true;
            }>, {
                singleton: false;
                optional: false;
                internal: false;
            }>;
        };
        params: {
            path: string;
            title?: string | import("@backstage/frontend-plugin-api").TranslationRefTuple<undefined>;
            icon?: import("@backstage/frontend-plugin-api").IconElement;
            loader?: () => Promise<import("react").JSX.Element>;
            routeRef?: import("@backstage/frontend-plugin-api").RouteRef;
            noHeader?: boolean;
        };
    }>;
    "sub-page:cluster-auth/user-settings": import("@backstage/frontend-plugin-api").OverridableExtensionDefinition<{
        kind: "sub-page";
        name: "user-settings";
        config: {
            path: string | undefined;
            title: string | undefined;
        };
        configInput: {
            path?: string | undefined;
            title?: string | undefined;
        };
        output: import("@backstage/frontend-plugin-api").ExtensionDataRef<string, "core.routing.path", {}> | import("@backstage/frontend-plugin-api").ExtensionDataRef<import("@backstage/frontend-plugin-api").RouteRef<import("@backstage/frontend-plugin-api").AnyRouteRefParams>, "core.routing.ref", {
            optional: true;
        }> | import("@backstage/frontend-plugin-api").ExtensionDataRef<import("react").JSX.Element, "core.reactElement", {}> | import("@backstage/frontend-plugin-api").ExtensionDataRef<string, "core.title", {}> | import("@backstage/frontend-plugin-api").ExtensionDataRef<import("@backstage/frontend-plugin-api").TranslationRefTuple<undefined>, "core.titleTranslation", {
            optional: true;
        }> | import("@backstage/frontend-plugin-api").ExtensionDataRef<import("@backstage/frontend-plugin-api").IconElement, "core.icon", {
            optional: true;
        }>;
        inputs: {};
        params: {
            path: string;
            title: string | import("@backstage/frontend-plugin-api").TranslationRefTuple<undefined>;
            icon?: import("@backstage/frontend-plugin-api").IconElement;
            loader: () => Promise<JSX.Element>;
            routeRef?: import("@backstage/frontend-plugin-api").RouteRef;
        };
    }>;
}>;
/**
 * Teaches the Kubernetes plugin the auth provider `clusterauth`. An API belongs to its plugin: hence a module of that one.
 *
 * @public
 */
export declare const kubernetesModuleClusterAuth: import("@backstage/frontend-plugin-api").FrontendModule;
