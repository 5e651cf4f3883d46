import type { Container, EphemeralContainer, HTTPGetAction, ObjectFieldSelector, Probe } from '../types/core-v1.ts';
import { imageTag } from './image.ts';

export function containerDefaults(container: Container | EphemeralContainer): void {
  container.imagePullPolicy ||= imageTag(container.image ?? '') === 'latest' ? 'Always' : 'IfNotPresent';
  container.terminationMessagePath ||= '/dev/termination-log';
  container.terminationMessagePolicy ||= 'File';
}

export function probeDefaults(probe: Probe): void {
  probe.timeoutSeconds ||= 1;
  probe.periodSeconds ||= 10;
  probe.successThreshold ||= 1;
  probe.failureThreshold ||= 3;
}

export function httpGetDefaults(action: HTTPGetAction): void {
  action.path ||= '/';
  action.scheme ||= 'HTTP';
}

export function objectFieldDefaults(selector: ObjectFieldSelector): void {
  selector.apiVersion ||= 'v1';
}
