"""The API's description: OpenAPI, and a page for people. Nothing on it comes from another host."""

from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView

schema = SpectacularAPIView.as_view()
# The split view serves its script from an address of its own: a strict Content-Security-Policy forbids scripts in the page.
page = SpectacularSwaggerSplitView.as_view(url_name="api-schema", template_name="api/docs.html")
